import { join } from 'node:path';
import { Lessor } from '../lease/index.js';
import { Cluster } from '../membership/index.js';
import { MvccStore } from '../mvcc/index.js';
import { Backend, Bucket } from '../storage/backend/index.js';
import { Alarms } from './alarms.js';
import { minLeaseTtlSeconds, type ServerDependencies, type ServerOptions } from './options.js';
import { Quota } from './quota.js';

const CLUSTER_VERSION_KEY = Buffer.from('clusterVersion');
const STORAGE_VERSION_KEY = Buffer.from('storageVersion');

/** All replicated state of a member, and the backend that holds it. */
export interface MemberState {
  readonly backend: Backend;
  readonly store: MvccStore;
  readonly lessor: Lessor;
  readonly alarms: Alarms;
  readonly cluster: Cluster;
  readonly quota: Quota;
}

/** Where the backend lies. */
export function backendFolder(dataDir: string): string {
  return join(dataDir, 'member', 'backend');
}

/** Opens the backend. Throws if another process has it, or it cannot be read. */
export function openBackend(
  options: ServerOptions,
  dependencies: ServerDependencies & { readonly failed: (error: Error) => void },
): Promise<Backend> {
  return Backend.open(
    {
      path: backendFolder(options.dataDir),
      batchIntervalMs: options.backendBatchIntervalMs,
      batchLimit: options.backendBatchLimit,
    },
    {
      clock: dependencies.clock,
      logger: dependencies.logger.child('storage/backend'),
      onFailure: dependencies.failed,
    },
  );
}

/** Reads the state from the backend; the key index takes a scan of all records. */
export async function restoreState(
  options: ServerOptions,
  dependencies: ServerDependencies,
  backend: Backend,
  clusterId: bigint,
): Promise<MemberState> {
  const { clock, logger } = dependencies;
  const lessor = new Lessor(
    { minTtlSeconds: minLeaseTtlSeconds(options) },
    {
      clock,
      records: {
        putLease: (key, value) => backend.put(Bucket.lease, key, value),
        deleteLease: (key) => backend.delete(Bucket.lease, key),
      },
    },
  );
  await forEachPair(backend, Bucket.lease, (_key, value) => lessor.restore(value));
  const cluster = new Cluster(clusterId, {
    putMember: (key, value) => backend.put(Bucket.members, key, value),
    deleteMember: (key) => backend.delete(Bucket.members, key),
    putRemovedMember: (key, value) => backend.put(Bucket.membersRemoved, key, value),
    putVersion: (version) => backend.put(Bucket.cluster, CLUSTER_VERSION_KEY, version),
    putStorageVersion: (version) => backend.put(Bucket.meta, STORAGE_VERSION_KEY, version),
  });
  await forEachPair(backend, Bucket.members, (_key, value) => cluster.restoreMember(value));
  await forEachPair(backend, Bucket.membersRemoved, (key) => cluster.restoreRemoved(key));
  cluster.restoreVersions(
    backend.getSync(Bucket.cluster, CLUSTER_VERSION_KEY)?.toString(),
    backend.getSync(Bucket.meta, STORAGE_VERSION_KEY)?.toString(),
  );
  const alarms = new Alarms({
    putAlarm: (key) => backend.put(Bucket.alarm, key, Buffer.alloc(0)),
    deleteAlarm: (key) => backend.delete(Bucket.alarm, key),
  });
  await forEachPair(backend, Bucket.alarm, (key) => alarms.restore(key));
  const store = await MvccStore.open(
    {
      cacheSizeBytes: options.backendCacheBytes,
      compactionBatchLimit: options.compactionBatchLimit,
      compactionSleepIntervalMs: options.compactionSleepIntervalMs,
      watchProgressNotifyIntervalMs: options.watchProgressNotifyIntervalMs,
    },
    { records: backend, leases: lessor, clock, logger: logger.child('mvcc/store') },
  );
  const quota = new Quota(options, { backendSizeBytes: () => backend.sizeBytes() });
  return { backend, store, lessor, alarms, cluster, quota };
}

/** Small buckets are read whole at the start. */
async function forEachPair(
  backend: Backend,
  bucket: Bucket,
  visit: (key: Buffer, value: Buffer) => void,
): Promise<void> {
  for await (const batch of backend.scan(bucket)) {
    for (const [key, value] of batch) visit(key, value);
  }
}
