import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { formatId } from '../membership/index.js';
import { ClusterQueries, type ListedMember, type PeerConnector } from '../peer/index.js';
import {
  type BootstrapPeer,
  type ConfState,
  EMPTY_CONF_STATE,
  type Entry,
  EntryType,
  MemoryStorage,
} from '../raft/index.js';
import {
  createWal,
  newestSnapshotEntry,
  nodeDisk,
  openWal,
  type Wal,
  type WalFailedError,
  walExists,
} from '../storage/wal/index.js';
import { type Founding, foundingOf, foundingPeers } from './bootstrap/founding.js';
import { checkNotBootstrapped, joinCluster } from './bootstrap/join.js';
import { decodeMetadata, encodeMetadata } from './log-metadata.js';
import type { MemberMetrics } from './metrics.js';
import type { InitialMember } from './options.js';

/** The log of a member as it is at the start, and who the member is. */
export interface RaftLog {
  readonly wal: Wal;
  readonly storage: MemoryStorage;
  readonly memberId: bigint;
  readonly clusterId: bigint;
  /** The founding members of a cluster that starts now; else empty. */
  readonly bootstrapPeers: readonly BootstrapPeer[];
  /** The others in the cluster that this member joins now; else empty. */
  readonly remotes: readonly ListedMember[];
  /** The configuration and index of the cut that the log starts from. */
  readonly confState: ConfState;
  readonly snapshotIndex: number;
}

export interface RaftLogOptions {
  readonly walFolder: string;
  readonly name: string;
  readonly initialMembers: readonly InitialMember[];
  readonly initialClusterState: 'new' | 'existing';
  readonly initialClusterToken: string;
  readonly unsafeNoFsync: boolean;
}

export interface RaftLogDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connector: PeerConnector;
  readonly failed: (error: WalFailedError) => void;
  readonly metrics: MemberMetrics;
}

/** How long another member may take to tell what it knows (formats.md §8.3). */
const JOIN_TIMEOUT_MS = 10_000;
const FOUNDING_TIMEOUT_MS = 1000;

/** Opens the log of a member, or founds a new one. Throws the log's typed errors. */
export async function openRaftLog(
  options: RaftLogOptions,
  dependencies: RaftLogDependencies,
): Promise<RaftLog> {
  const exists = await walExists(nodeDisk, options.walFolder);
  return exists ? reopen(options, dependencies) : create(options, dependencies);
}

function walParts(options: RaftLogOptions, dependencies: RaftLogDependencies) {
  const { metrics } = dependencies;
  return [
    { directory: options.walFolder, unsafeNoSync: options.unsafeNoFsync },
    {
      disk: nodeDisk,
      clock: dependencies.clock,
      logger: dependencies.logger.child('storage/wal'),
      onFailure: dependencies.failed,
      metrics: {
        syncTook: (seconds: number) => metrics.walSyncs.observe(seconds),
        writeTook: (seconds: number) => metrics.walWrites.observe(seconds),
        wroteBytes(sizeBytes: number) {
          metrics.walWrittenBytes += sizeBytes;
        },
      },
    },
  ] as const;
}

/** The log of a member that starts without one: of a new cluster, or of one that runs already. */
async function create(
  options: RaftLogOptions,
  dependencies: RaftLogDependencies,
): Promise<RaftLog> {
  const { logger } = dependencies;
  const identity = await bootstrap(options, dependencies);
  const { memberId, clusterId } = identity;
  const [walOptions, walDependencies] = walParts(options, dependencies);
  const wal = await createWal(walOptions, walDependencies, encodeMetadata(memberId, clusterId));
  logger.info('starting local member', {
    'local-member-id': formatId(memberId),
    'cluster-id': formatId(clusterId),
  });
  const begin = { confState: EMPTY_CONF_STATE, snapshotIndex: 0 };
  return { wal, storage: new MemoryStorage(), ...identity, ...begin };
}

type Identified = Pick<RaftLog, 'memberId' | 'clusterId' | 'bootstrapPeers' | 'remotes'>;

async function bootstrap(
  options: RaftLogOptions,
  { clock, logger, connector }: RaftLogDependencies,
): Promise<Identified> {
  const isJoining = options.initialClusterState === 'existing';
  const timeoutMs = isJoining ? JOIN_TIMEOUT_MS : FOUNDING_TIMEOUT_MS;
  const queries = new ClusterQueries({ timeoutMs }, { clock, connector });
  try {
    if (!isJoining) {
      const founding = foundingOf(options);
      await checkNotBootstrapped(options, founding, queries);
      return asIdentified(founding);
    }
    const { members, ...ids } = await joinCluster(options, queries, logger);
    const remotes = members.filter((member) => member.id !== ids.memberId);
    return { ...ids, bootstrapPeers: [], remotes };
  } finally {
    queries.close();
  }
}

function asIdentified(founding: Founding): Identified {
  const { memberId, clusterId } = founding;
  return { memberId, clusterId, bootstrapPeers: foundingPeers(founding), remotes: [] };
}

async function reopen(
  options: RaftLogOptions,
  dependencies: RaftLogDependencies,
): Promise<RaftLog> {
  const newest = await newestSnapshotEntry(nodeDisk, options.walFolder);
  const [walOptions, walDependencies] = walParts(options, dependencies);
  const { wal, metadata, hardState, entries } = await openWal(walOptions, walDependencies, newest);
  const ids = decodeMetadata(metadata);
  const refounding = newest.index === 0 && hardState.commit === 0 ? founders(options) : undefined;
  if (refounding?.memberId === ids.memberId && refounding.clusterId === ids.clusterId) {
    // The process ended between the creation of the log and its first synced entries: nothing was
    // ever decided, the founding is done again. Its entries replace what is there.
    const begin = { confState: EMPTY_CONF_STATE, snapshotIndex: 0 };
    return { wal, storage: new MemoryStorage(), ...asIdentified(refounding), ...begin };
  }
  const storage = new MemoryStorage();
  const confState = newest.confState ?? EMPTY_CONF_STATE;
  if (newest.index > 0) {
    storage.applySnapshot({
      data: Buffer.alloc(0),
      metadata: { index: newest.index, term: newest.term, confState },
    });
  }
  storage.setHardState(hardState);
  storage.append(entries.map(asEntry));
  dependencies.logger.info('restarting local member', {
    'cluster-id': ids.clusterId.toString(16),
    'local-member-id': ids.memberId.toString(16),
    'commit-index': hardState.commit,
    'snapshot-index': newest.index,
    entries: entries.length,
  });
  const begin = { confState, snapshotIndex: newest.index };
  return { wal, storage, ...ids, bootstrapPeers: [], remotes: [], ...begin };
}

/** The founding that the flags describe; a member that joined need not be told of one. */
function founders(options: RaftLogOptions): Founding | undefined {
  const isListed = options.initialMembers.some((member) => member.name === options.name);
  return isListed ? foundingOf(options) : undefined;
}

const ENTRY_TYPES: ReadonlySet<number> = new Set(Object.values(EntryType));
const isEntryType = (type: number): type is EntryType => ENTRY_TYPES.has(type);

function asEntry(logged: {
  readonly type: number;
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}): Entry {
  const { type, term, index, data } = logged;
  if (!isEntryType(type)) throw new Error(`entry ${index} of the log has the unknown type ${type}`);
  return { type, term, index, data };
}
