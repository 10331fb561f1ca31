export { LeaseExpiry } from './leases/lease-expiry.js';
