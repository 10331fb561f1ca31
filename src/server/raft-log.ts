import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { clusterId, encodeMember, type Member, memberId } from '../membership/index.js';
import { ProtoReader, ProtoWriter } from '../proto/wire.js';
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
  NO_SNAPSHOT,
  nodeDisk,
  openWal,
  validSnapshotEntries,
  type Wal,
  type WalFailedError,
  walExists,
} from '../storage/wal/index.js';
import { DataDirectoryError } from './data-directory.js';
import type { InitialMember } from './options.js';

/** The log of a member as it is at the start, and who the member is. */
export interface RaftLog {
  readonly wal: Wal;
  readonly storage: MemoryStorage;
  readonly memberId: bigint;
  readonly clusterId: bigint;
  /** The founding members of a cluster that starts now; empty if there was a log. */
  readonly bootstrapPeers: readonly BootstrapPeer[];
  /** The configuration and index of the cut that the log starts from. */
  readonly confState: ConfState;
  readonly snapshotIndex: number;
}

export interface RaftLogOptions {
  readonly walFolder: string;
  readonly name: string;
  readonly initialMembers: readonly InitialMember[];
  readonly initialClusterToken: string;
  readonly unsafeNoFsync: boolean;
}

export interface RaftLogDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failed: (error: WalFailedError) => void;
}

/** Opens the log of a member, or founds a new one. Throws the log's typed errors. */
export async function openRaftLog(
  options: RaftLogOptions,
  dependencies: RaftLogDependencies,
): Promise<RaftLog> {
  const exists = await walExists(nodeDisk, options.walFolder);
  return exists ? reopen(options, dependencies) : found(options, dependencies);
}

function walParts(options: RaftLogOptions, dependencies: RaftLogDependencies) {
  return [
    { directory: options.walFolder, unsafeNoSync: options.unsafeNoFsync },
    {
      disk: nodeDisk,
      clock: dependencies.clock,
      logger: dependencies.logger.child('storage/wal'),
      onFailure: dependencies.failed,
    },
  ] as const;
}

/** The founding members, their ids, and which of them this one is. */
function foundingMembers(options: RaftLogOptions): {
  readonly members: readonly Member[];
  readonly memberId: bigint;
  readonly clusterId: bigint;
} {
  const { initialClusterToken, initialMembers, name: ownName } = options;
  const members = initialMembers.map(
    ({ name, peerUrls }): Member => ({
      id: memberId(peerUrls, initialClusterToken),
      peerUrls,
      isLearner: false,
      name,
      clientUrls: [],
    }),
  );
  // Every member must make the same entries: ascending by id (formats.md §8.3).
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  const own = members.find((member) => member.name === ownName);
  if (own === undefined) throw new Error(`${ownName} is not among the initial members`);
  return { members, memberId: own.id, clusterId: clusterId(members.map((member) => member.id)) };
}

const asPeer = (member: Member): BootstrapPeer => ({
  id: member.id,
  context: Buffer.from(encodeMember(member), 'utf8'),
});

async function found(options: RaftLogOptions, dependencies: RaftLogDependencies): Promise<RaftLog> {
  const { members, ...ids } = foundingMembers(options);
  const [walOptions, walDependencies] = walParts(options, dependencies);
  const metadata = encodeMetadata(ids.memberId, ids.clusterId);
  const wal = await createWal(walOptions, walDependencies, metadata);
  return {
    wal,
    storage: new MemoryStorage(),
    ...ids,
    bootstrapPeers: members.map(asPeer),
    confState: EMPTY_CONF_STATE,
    snapshotIndex: 0,
  };
}

async function reopen(
  options: RaftLogOptions,
  dependencies: RaftLogDependencies,
): Promise<RaftLog> {
  const snapshots = await validSnapshotEntries(nodeDisk, options.walFolder);
  const newest = snapshots.at(-1) ?? NO_SNAPSHOT;
  const [walOptions, walDependencies] = walParts(options, dependencies);
  const { wal, metadata, hardState, entries } = await openWal(walOptions, walDependencies, newest);
  const ids = decodeMetadata(metadata);
  if (newest.index === 0 && hardState.commit === 0) {
    // The process ended between the creation of the log and its first synced entries: nothing was
    // ever decided, the founding is done again. Its entries replace what is there.
    const { members, ...founders } = foundingMembers(options);
    if (founders.memberId !== ids.memberId || founders.clusterId !== ids.clusterId) {
      throw new DataDirectoryError(
        `${options.walFolder} was begun for another cluster than the flags describe`,
      );
    }
    return {
      wal,
      storage: new MemoryStorage(),
      ...ids,
      bootstrapPeers: members.map(asPeer),
      confState: EMPTY_CONF_STATE,
      snapshotIndex: 0,
    };
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
  return { wal, storage, ...ids, bootstrapPeers: [], confState, snapshotIndex: newest.index };
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

/** etcdserverpb.Metadata {1 NodeID, 2 ClusterID}, the head of every log segment (formats.md §2.2). */
function encodeMetadata(member: bigint, cluster: bigint): Buffer {
  const writer = new ProtoWriter(64);
  writer.uint64(cluster);
  writer.uint32(0x10);
  writer.uint64(member);
  writer.uint32(0x08);
  return writer.finish();
}

function decodeMetadata(metadata: Uint8Array): { memberId: bigint; clusterId: bigint } {
  const reader = new ProtoReader(metadata);
  let member = 0n;
  let cluster = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) member = reader.uint64();
    else if (tag === 0x10) cluster = reader.uint64();
    else reader.skip(tag);
  }
  return { memberId: member, clusterId: cluster };
}
