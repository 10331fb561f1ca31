export {
  type Lease,
  type LeaseRecords,
  Lessor,
  leaseRecordKey,
  MAX_LEASE_TTL_SECONDS,
} from './lessor.js';
