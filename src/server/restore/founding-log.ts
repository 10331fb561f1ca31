import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { ConfChangeType, EntryType, encodeConfChange } from '../../raft/index.js';
import type { Snapshotter } from '../../storage/snap/index.js';
import { encodeV2Store } from '../../storage/snap/index.js';
import { createWal, nodeDisk, simpleConfState, type Wal } from '../../storage/wal/index.js';
import { type Founding, foundingPeers } from '../bootstrap/founding.js';
import { encodeMetadata } from '../log-metadata.js';

/** The term that the founding entries belong to. */
export const FOUNDING_TERM = 1;

/**
 * Writes the log of a member that starts with a restored state: the entries that add all members,
 * committed, and a snapshot behind them, so that the state counts as what they led to
 * (formats.md §6). The snapshot's `.snap` file goes to `snapshotter`.
 */
export async function writeFoundingLog(
  walFolder: string,
  cluster: Founding,
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
    const entries = foundingPeers(cluster).map(({ id, context }, position) => ({
      type: EntryType.confChange,
      term: FOUNDING_TERM,
      index: position + 1,
      data: encodeConfChange({ id: 0n, type: ConfChangeType.addNode, nodeId: id, context }),
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
