export { type Alarms, AlarmType } from './alarms.js';
export { DataDirectoryError } from './data-directory.js';
export { finishRange, hasRevisionFilters, isDefaultOrdering, rangeOptionsOf } from './kv/range.js';
export { executeReadOnlyTxn, isReadOnlyTxn, isSerializableTxn } from './kv/txn.js';
export type { InitialMember, ServerDependencies, ServerOptions } from './options.js';
export { DEFAULT_QUOTA_BYTES, leaseGrantCost, putCost, txnCost } from './quota.js';
export type * from './results.js';
export { KvorumServer } from './server.js';
export { DatabaseSnapshot } from './snapshot-stream.js';
