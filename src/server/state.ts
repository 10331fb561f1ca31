import { join } from 'node:path';
import { Lessor } from '../lease/index.js';
import { Cluster } from '../membership/index.js';
import { MvccStore } from '../mvcc/index.js';
import { Backend, Bucket } from '../storage/backend/index.js';
import { Alarms } from './alarms.js';
import { minLeaseTtlSeconds, type ServerDependencies, type ServerOptions } from './options.js';
import { Quota } from './quota.js';
import { DOWNGRADE_KEY, DowngradeState, refuseNewerCluster } from './version/index.js';

const CLUSTER_VERSION_KEY = Buffer.from('clusterVersion');
const STORAGE_VERSION_KEY = Buffer.from('storageVersion');

/** All replicated state of a member, and the backend that holds it. */
export interface MemberState {
  readonly backend: Backend;
  readonly store: MvccStore;
  readonly lessor: Lessor;
  /** Makes another lessor for the same records, to restore leases into aside. */
  readonly createLessor: () => Lessor;
  readonly alarms: Alarms;
  readonly cluster: Cluster;
  readonly downgrade: DowngradeState;
  readonly quota: Quota;
}

/** Where the backend lies. */
export function backendFolder(dataDir: string): string {
  return join(dataDir, 'member', 'backend');
}

/** Opens the backend. Throws if another process has it, or it cannot be read. */
export function openBackend(
  options: ServerOptions,
  dependencies: ServerDependencies & {
    readonly failed: (error: Error) => void;
    readonly onCommitted: (seconds: number) => void;
    readonly onDefragmented: (seconds: number) => void;
    readonly onExported: (seconds: number) => void;
  },
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
      onCommitted: dependencies.onCommitted,
      onDefragmented: dependencies.onDefragmented,
      onExported: dependencies.onExported,
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
  const createLessor = (): Lessor =>
    new Lessor(
      { minTtlSeconds: minLeaseTtlSeconds(options) },
      {
        clock,
        records: {
          putLease: (key, value) => backend.put(Bucket.lease, key, value),
          deleteLease: (key) => backend.delete(Bucket.lease, key),
        },
      },
    );
  const lessor = createLessor();
  await restoreLeases(lessor, backend);
  const records = {
    putMember: (key: Buffer, value: Buffer) => backend.put(Bucket.members, key, value),
    deleteMember: (key: Buffer) => backend.delete(Bucket.members, key),
    putRemovedMember: (key: Buffer, value: Buffer) =>
      backend.put(Bucket.membersRemoved, key, value),
    putVersion: (version: Buffer) => backend.put(Bucket.cluster, CLUSTER_VERSION_KEY, version),
    putStorageVersion: (version: Buffer) => backend.put(Bucket.meta, STORAGE_VERSION_KEY, version),
    deleteStorageVersion: () => backend.delete(Bucket.meta, STORAGE_VERSION_KEY),
  };
  const { maxLearners } = options;
  const cluster = new Cluster(clusterId, records, { maxLearners, logger });
  const downgrade = new DowngradeState({
    putDowngrade: (value) => backend.put(Bucket.cluster, DOWNGRADE_KEY, value),
  });
  const alarms = new Alarms({
    putAlarm: (key) => backend.put(Bucket.alarm, key, Buffer.alloc(0)),
    deleteAlarm: (key) => backend.delete(Bucket.alarm, key),
  });
  const restoreSmall = await readSmallBuckets(backend);
  restoreSmall({ cluster, alarms, downgrade });
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
  return { backend, store, lessor, createLessor, alarms, cluster, downgrade, quota };
}

/** How the state is replaced; see {@link reloadState}. */
export interface ReloadStateOptions {
  /** Puts the other content into the backend. */
  readonly replaceBackend: () => Promise<void>;
  /** In the step in which the new state appears. */
  readonly switched?: () => void;
}

/**
 * Replaces the content of the backend and restores everything from it, as a restart would: keys,
 * leases, members, versions and alarms appear in one step, before which the old ones are seen (of the
 * keys nothing: their readers wait). After a rejection the member must stop.
 */
export async function reloadState(state: MemberState, options: ReloadStateOptions): Promise<void> {
  const { backend, store, lessor, createLessor } = state;
  const leases = createLessor();
  let restoreSmall: RestoreSmall = () => {};
  await store.reload({
    leases,
    replaceRecords: async () => {
      await options.replaceBackend();
      await restoreLeases(leases, backend);
      restoreSmall = await readSmallBuckets(backend);
    },
    switched: () => {
      lessor.takeOver(leases);
      state.cluster.reset();
      state.alarms.reset();
      restoreSmall(state);
      options.switched?.();
    },
  });
}

async function restoreLeases(lessor: Lessor, backend: Backend): Promise<void> {
  for await (const batch of backend.scan(Bucket.lease)) {
    for (const [, value] of batch) lessor.restore(value);
  }
}

/** Fills membership and alarms, which must be empty. */
type RestoreSmall = (state: Pick<MemberState, 'cluster' | 'alarms' | 'downgrade'>) => void;

/**
 * Reads the buckets that are small at once; what was read is put to use in one step later.
 * @throws ClusterVersionError if the cluster speaks what this member does not know
 */
async function readSmallBuckets(backend: Backend): Promise<RestoreSmall> {
  const members = await readAll(backend, Bucket.members);
  const removed = await readAll(backend, Bucket.membersRemoved);
  const raised = await readAll(backend, Bucket.alarm);
  const version = backend.getSync(Bucket.cluster, CLUSTER_VERSION_KEY)?.toString();
  refuseNewerCluster(version);
  const storageVersion = backend.getSync(Bucket.meta, STORAGE_VERSION_KEY)?.toString();
  const downgradeInfo = backend.getSync(Bucket.cluster, DOWNGRADE_KEY);
  return ({ cluster, alarms, downgrade }) => {
    for (const [, value] of members) cluster.restoreMember(value);
    for (const [key] of removed) cluster.restoreRemoved(key);
    cluster.restoreVersions(version, storageVersion);
    downgrade.restore(downgradeInfo);
    for (const [key] of raised) alarms.restore(key);
  };
}

async function readAll(backend: Backend, bucket: Bucket): Promise<[Buffer, Buffer][]> {
  const pairs: [Buffer, Buffer][] = [];
  for await (const batch of backend.scan(bucket)) pairs.push(...batch);
  return pairs;
}
