import type { RaftCore } from './core.js';
import { createMessage } from './messages.js';
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type HardState,
  type Message,
  MessageType,
  type ReadState,
  type Snapshot,
  type SoftState,
} from './types.js';

/** The work a core has for its owner, all of it to be done before or by `advance`. */
export interface Ready {
  /** Role and leader, if they changed. */
  readonly softState: SoftState | undefined;
  /** What to persist, if it changed; before the messages are sent. */
  readonly hardState: HardState | undefined;
  /** Reads to serve once their index is applied. */
  readonly readStates: readonly ReadState[];
  /** What to persist before the messages are sent. */
  readonly entries: readonly Entry[];
  /** A snapshot from the leader, to persist and apply. */
  readonly snapshot: Snapshot | undefined;
  /** What to apply; persisted already, or persisted by this Ready (synchronous mode only). */
  readonly committedEntries: readonly Entry[];
  /**
   * What to send. Asynchronous storage writes: at once, among them the messages to the append and
   * apply threads, which hold the four fields above again. Else: after the writes.
   */
  readonly messages: readonly Message[];
  /** True if the writes must be durable before the messages are sent. */
  readonly mustSync: boolean;
}

/** The parts of a Ready that decide whether something is to be written. */
export interface StorageWrites {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
}

/** True if there is something to write, or a message that waits for the writes before it. */
export function needsStorageAppend(core: RaftCore, writes: StorageWrites): boolean {
  return (
    writes.entries.length > 0 ||
    writes.hardState !== undefined ||
    writes.snapshot !== undefined ||
    core.messagesAfterAppend.length > 0
  );
}

/** The message that has the append thread persist the writes and then deliver the responses. */
export function storageAppend(core: RaftCore, writes: StorageWrites): Message {
  const { hardState, entries, snapshot } = writes;
  // The own acks come before the response that shrinks the unstable log: while the entries are
  // there, their terms are found without asking storage.
  const responses = core.messagesAfterAppend;
  const response = storageAppendResponse(core, snapshot);
  if (response !== undefined) responses.push(response);
  return createMessage({
    type: MessageType.storageAppend,
    to: APPEND_THREAD,
    from: core.id,
    term: hardState?.term ?? 0,
    vote: hardState?.vote,
    commit: hardState?.commit ?? 0,
    entries,
    snapshot,
    responses,
  });
}

/**
 * The response that tells this member what is stable now, or undefined if it has nothing to hear.
 *
 * It names the last entry of the whole log, not of this write, and carries the present term. After
 * a change of term it is ignored, because a write of the new term may still overwrite what it
 * speaks of, even with an entry of the same index and term that was here before. So that the
 * unstable log is emptied all the same, every write while it holds entries asks for a response,
 * and every change of term causes a write.
 */
export function storageAppendResponse(
  core: RaftCore,
  snapshot: Snapshot | undefined,
): Message | undefined {
  const hasEntries = core.log.unstable.length > 0;
  if (!hasEntries && snapshot === undefined) return undefined;
  const last = hasEntries ? core.log.lastEntryId() : undefined;
  return createMessage({
    type: MessageType.storageAppendResponse,
    to: core.id,
    from: APPEND_THREAD,
    term: core.term,
    index: last?.index ?? 0,
    logTerm: last?.term ?? 0,
    snapshot,
  });
}

/** The message that has the apply thread apply the entries and then report it. */
export function storageApply(core: RaftCore, entries: readonly Entry[]): Message {
  return createMessage({
    type: MessageType.storageApply,
    to: APPLY_THREAD,
    from: core.id,
    entries,
    responses: [storageApplyResponse(core, entries)],
  });
}

/** The report that the entries are applied; it holds whatever the term. */
export function storageApplyResponse(core: RaftCore, entries: readonly Entry[]): Message {
  return createMessage({
    type: MessageType.storageApplyResponse,
    to: core.id,
    from: APPLY_THREAD,
    entries,
  });
}
