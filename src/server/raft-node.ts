import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { type ConfState, type MemoryStorage, RawNode } from '../raft/index.js';
import { type Backend, Bucket } from '../storage/backend/index.js';
import type { ServerOptions } from './options.js';
import type { RaftLog } from './raft-log.js';
import { decodeConfState, encodeConfState } from './snapshot-file.js';

/**
 * Bytes in the leader's log that are not applied yet: with one more batch on top they stay below what
 * the write-ahead log queues (128 MiB). More waits with the proposers.
 */
const MAX_UNCOMMITTED_BYTES = 48 * 1024 * 1024;
/** Committed entries on their way to being applied: enough that the applying never waits for more. */
const MAX_COMMITTED_BYTES = 16 * 1024 * 1024;
/** Entries on their way to one follower: what a slow one holds up in memory, here and there. */
const MAX_INFLIGHT_BYTES = 32 * 1024 * 1024;

const CONF_STATE_KEY = Buffer.from('confState');

/** What the backend holds of Raft's matters. */
export interface AppliedPosition {
  /** The last entry whose effects the backend holds; 0 in a new one. */
  readonly index: number;
  /** The configuration after that entry; undefined in a new backend. */
  readonly confState: ConfState | undefined;
}

/**
 * The consensus core of a member, as its log and its backend say. Entries that the backend holds are
 * not handed out again. Throws RaftConfigError or RaftInvariantError if the two contradict each other.
 */
export function createRaftNode(
  options: ServerOptions,
  log: RaftLog,
  applied: AppliedPosition,
  dependencies: { readonly random: Random; readonly logger: Logger },
): RawNode {
  startFrom(log.storage, applied);
  const node = new RawNode(
    {
      id: log.memberId,
      electionTicks: options.electionTicks,
      heartbeatTicks: 1,
      appliedIndex: applied.index,
      asyncStorageWrites: true,
      checkQuorum: true,
      preVote: options.preVote,
      maxUncommittedSizeBytes: MAX_UNCOMMITTED_BYTES,
      maxCommittedSizeBytes: MAX_COMMITTED_BYTES,
      maxInflightBytes: MAX_INFLIGHT_BYTES,
    },
    {
      storage: log.storage,
      random: dependencies.random,
      logger: dependencies.logger.child('raft'),
    },
  );
  if (log.bootstrapPeers.length > 0) node.bootstrap(log.bootstrapPeers);
  return node;
}

/**
 * What is applied was committed, whatever the log's last hard state says of it: a commit index alone is
 * not synced. The configuration is the backend's, so that a change that was refused when its entry was
 * applied is not let in when the log is read again.
 */
function startFrom(storage: MemoryStorage, { index, confState }: AppliedPosition): void {
  const { hardState } = storage.initialState();
  if (index > hardState.commit) storage.setHardState({ ...hardState, commit: index });
  if (confState !== undefined) storage.setInitialConfState(confState);
}

/** What the backend holds: how far it is, and the configuration then. Throws SyntaxError. */
export function appliedPosition(backend: Backend): AppliedPosition {
  const stored = backend.getSync(Bucket.meta, CONF_STATE_KEY);
  const confState = stored === undefined ? undefined : decodeConfState(stored);
  return { index: backend.consistentIndex, confState };
}

/** Puts the configuration into the batch of the entry that is being applied. */
export function saveConfState(backend: Backend, confState: ConfState): void {
  backend.put(Bucket.meta, CONF_STATE_KEY, encodeConfState(confState));
}
