import type { Clock } from '../base/clock.js';
import { type Message, MessageType, type NodeId } from '../raft/index.js';

/** How long a message that only moves the commit index on may wait for entries to travel with. */
const HOLD_MS = 1;
/** Entries that follow each other within this time are a stream of writes: the next ones are near. */
const STREAM_MS = 4;
/** A member that has passed on a client's write this recently waits for commit indexes itself. */
const FORWARDING_MS = 500;

export interface CommitHoldDependencies {
  readonly clock: Clock;
  /** Sends what was held for long enough. */
  readonly send: (messages: readonly Message[]) => void;
}

/**
 * Lets commit indexes travel with the entries of the next write. A leader tells its followers of each
 * commit at once, with an append without entries, and each of them answers it: with a client that
 * writes one key after the other, that is nearly half of all messages. While writes follow closely, such
 * an append waits for a moment, and is left out if one with entries follows, which says the same (Raft
 * allows for lost messages, and the entries carry a commit index at least as high).
 *
 * A single write is told of at once, and so is a member that waits for its own clients' writes or asks
 * for a read index: any other message to it takes what is held along.
 */
export class CommitHold {
  readonly #dependencies: CommitHoldDependencies;
  readonly #held = new Map<NodeId, Message>();
  readonly #forwardedAtMs = new Map<NodeId, number>();
  #lastEntriesMs = Number.NEGATIVE_INFINITY;
  #isStream = false;
  #cancelTimer: (() => void) | undefined;

  constructor(dependencies: CommitHoldDependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks at what other members send. */
  received(messages: readonly Message[]): void {
    for (const { type, from } of messages) {
      if (type === MessageType.propose) {
        this.#forwardedAtMs.set(from, this.#dependencies.clock.nowMs());
      }
    }
  }

  /** What of `messages` is to be sent now, with what was held before where it belongs. */
  pass(messages: readonly Message[]): readonly Message[] {
    if (this.#held.size === 0 && !messages.some(({ type }) => type === MessageType.append)) {
      return messages;
    }
    const nowMs = this.#dependencies.clock.nowMs();
    if (messages.some(hasEntries)) {
      this.#isStream = nowMs - this.#lastEntriesMs < STREAM_MS;
      this.#lastEntriesMs = nowMs;
    }
    const passed: Message[] = [];
    for (const message of messages) this.#passOne(message, nowMs, passed);
    if (this.#held.size > 0) {
      this.#cancelTimer ??= this.#dependencies.clock.setTimeout(() => this.#release(), HOLD_MS);
    }
    return passed;
  }

  #passOne(message: Message, nowMs: number, passed: Message[]): void {
    const { to } = message;
    const held = this.#held.get(to);
    if (held !== undefined) {
      this.#held.delete(to);
      if (!supersedes(message, held)) passed.push(held);
    }
    if (this.#mayWait(message, nowMs)) this.#held.set(to, message);
    else passed.push(message);
  }

  #mayWait(message: Message, nowMs: number): boolean {
    if (message.type !== MessageType.append || message.entries.length > 0) return false;
    if (!this.#isStream || nowMs - this.#lastEntriesMs >= STREAM_MS) return false;
    return (
      nowMs - (this.#forwardedAtMs.get(message.to) ?? Number.NEGATIVE_INFINITY) > FORWARDING_MS
    );
  }

  #release(): void {
    this.#cancelTimer = undefined;
    const held = [...this.#held.values()];
    this.#held.clear();
    if (held.length > 0) this.#dependencies.send(held);
  }

  /** Forgets a member that is gone. */
  forget(id: NodeId): void {
    this.#held.delete(id);
    this.#forwardedAtMs.delete(id);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#held.clear();
  }
}

function hasEntries({ type, entries }: Message): boolean {
  return type === MessageType.append && entries.length > 0;
}

/** Whether whoever gets `message` has no need of `held`, an append without entries. */
function supersedes(message: Message, held: Message): boolean {
  return (
    message.type === MessageType.append &&
    message.term >= held.term &&
    message.index >= held.index &&
    message.commit >= held.commit
  );
}
