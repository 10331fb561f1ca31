import type { Logger } from '../../base/logger.js';
import { encodePromotion, formatId } from '../../membership/index.js';
import {
  type ConfChange,
  ConfChangeType,
  confChangeEntryType,
  confChangeOfEntry,
  EMPTY_BYTES,
  type Entry,
  EntryType,
  encodeConfChange,
  isConfChangeV2,
  type NodeId,
} from '../../raft/index.js';
import type { RaftLog } from '../raft-log.js';
import type { AppliedPosition } from '../raft-node.js';
import { BootstrapError } from './errors.js';

/**
 * Makes this member the only one of its cluster (--force-new-cluster): what is committed stays, what is
 * not goes, and all others are removed by entries that count as committed, for there is nobody else to
 * ask. The way back from the loss of a quorum for good; the others' data must never be used again.
 * @throws BootstrapError if this member does not belong to the cluster
 */
export async function forceNewCluster(
  log: RaftLog,
  applied: AppliedPosition,
  logger: Logger,
): Promise<void> {
  const { storage, memberId } = log;
  const { hardState } = storage.initialState();
  const commit = Math.max(hardState.commit, applied.index);
  const members = membersAt(log, applied, commit);
  const isLearner = members.get(memberId);
  if (isLearner === undefined) {
    const id = formatId(memberId);
    throw new BootstrapError(`member ${id} is not in the cluster that it is to make anew`);
  }
  const changes: ConfChange[] = [];
  // Itself first: a configuration must never be without a voter.
  if (isLearner) {
    const context = Buffer.from(encodePromotion(memberId), 'utf8');
    changes.push({ id: 0n, type: ConfChangeType.addNode, nodeId: memberId, context });
  }
  for (const id of [...members.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    if (id === memberId) continue;
    changes.push({ id: 0n, type: ConfChangeType.removeNode, nodeId: id, context: EMPTY_BYTES });
  }
  if (changes.length === 0) return;
  const entries = changes.map(
    (change, position): Entry => ({
      type: confChangeEntryType(change),
      term: hardState.term,
      index: commit + 1 + position,
      data: encodeConfChange(change),
    }),
  );
  const forced = { ...hardState, commit: commit + entries.length };
  await new Promise<void>((resolve, reject) => {
    log.wal.append(forced, entries, (error) => (error === null ? resolve() : reject(error)));
  });
  storage.append(entries);
  storage.setHardState(forced);
  logger.warn('forced a new cluster of this member alone', {
    'local-member-id': formatId(memberId),
    'removed-member-ids': changes.filter(({ nodeId }) => nodeId !== memberId).map(idOf),
    'commit-index': commit,
  });
}

const idOf = ({ nodeId }: ConfChange): string => formatId(nodeId);

/** The members after the committed entries, and whether each is a learner. */
function membersAt(
  { storage, confState }: RaftLog,
  applied: AppliedPosition,
  commit: number,
): Map<NodeId, boolean> {
  const { voters, learners } = applied.confState ?? confState;
  const members = new Map<NodeId, boolean>();
  for (const id of voters) members.set(id, false);
  for (const id of learners) members.set(id, true);
  const first = Math.max(applied.index + 1, storage.firstIndex());
  for (const entry of storage.entries(first, commit + 1, Number.MAX_SAFE_INTEGER) ?? []) {
    if (entry.type === EntryType.normal) continue;
    const change = confChangeOfEntry(entry);
    if (change === undefined || isConfChangeV2(change)) continue;
    if (change.type === ConfChangeType.removeNode) members.delete(change.nodeId);
    else if (change.type === ConfChangeType.addNode) members.set(change.nodeId, false);
    else if (change.type === ConfChangeType.addLearnerNode) members.set(change.nodeId, true);
  }
  return members;
}
