import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { clusterId, encodeMember, type Member, memberId } from '../../membership/index.js';
import { ProtoWriter } from '../../proto/wire.js';
import { ConfChangeType, EntryType, encodeConfChange } from '../../raft/index.js';
import type { Snapshotter } from '../../storage/snap/index.js';
import { encodeV2Store } from '../../storage/snap/index.js';
import { createWal, nodeDisk, simpleConfState, type Wal } from '../../storage/wal/index.js';
import type { InitialMember } from '../options.js';
import { RestoreError } from './errors.js';

/** The term that the founding entries belong to. */
export const FOUNDING_TERM = 1;

/** The members of a cluster that begins with a restored state, and which of them this one is. */
export interface RestoredCluster {
  /** Ascending by id. */
  readonly members: readonly Member[];
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

/** Ids as for a new cluster (formats.md §8). Throws RestoreError if `ownName` is not listed. */
export function restoredCluster(
  initialMembers: readonly InitialMember[],
  token: string,
  ownName: string,
): RestoredCluster {
  const members = initialMembers
    .map(({ name, peerUrls }): Member => {
      const id = memberId(peerUrls, token);
      return { id, peerUrls, isLearner: false, name, clientUrls: [] };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const own = members.find(({ name }) => name === ownName);
  if (own === undefined) {
    throw new RestoreError(`${ownName} is not among the members of --initial-cluster`);
  }
  const ids = members.map(({ id }) => id);
  return { members, memberId: own.id, clusterId: clusterId(ids) };
}

/**
 * Writes the log of a member that starts with a restored state: the entries that add all members,
 * committed, and a snapshot behind them, so that the state counts as what they led to
 * (formats.md §6). The snapshot's `.snap` file goes to `snapshotter`.
 */
export async function writeFoundingLog(
  walFolder: string,
  cluster: RestoredCluster,
  dependencies: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly snapshotter: Snapshotter;
    readonly clusterVersion: string | undefined;
  },
): Promise<void> {
  const { clock, logger, snapshotter, clusterVersion } = dependencies;
  const { members } = cluster;
  const ids = members.map(({ id }) => id);
  const commit = members.length;
  const wal = await createWal(
    { directory: walFolder },
    { disk: nodeDisk, clock, logger },
    encodeMetadata(cluster.memberId, cluster.clusterId),
  );
  try {
    const entries = members.map((member, position) => ({
      type: EntryType.confChange,
      term: FOUNDING_TERM,
      index: position + 1,
      data: encodeConfChange({
        id: 0n,
        type: ConfChangeType.addNode,
        nodeId: member.id,
        context: Buffer.from(encodeMember(member)),
      }),
    }));
    const hardState = { term: FOUNDING_TERM, vote: ids[0] ?? 0n, commit };
    await done((callback) => wal.append(hardState, entries, callback));
    const confState = simpleConfState(ids);
    const snapshot = { index: commit, term: FOUNDING_TERM, confState };
    const data = encodeV2Store({ members, removedIds: [], clusterVersion });
    await snapshotter.save({ ...snapshot, data });
    await done((callback) => wal.saveSnapshot(snapshot, callback));
  } finally {
    await wal.close();
  }
}

function done(start: (callback: Parameters<Wal['append']>[2]) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** etcdserverpb.Metadata {1 NodeID, 2 ClusterID} (formats.md §2.2); written from its end. */
function encodeMetadata(member: bigint, cluster: bigint): Buffer {
  const writer = new ProtoWriter(64);
  writer.uint64(cluster);
  writer.uint32(0x10);
  writer.uint64(member);
  writer.uint32(0x08);
  return writer.finish();
}
