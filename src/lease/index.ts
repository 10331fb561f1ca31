export {
  type Lease,
  type LeaseRecords,
  Lessor,
  type LessorObserver,
  leaseRecordKey,
  MAX_LEASE_TTL_SECONDS,
} from './lessor.js';
