import type { Clock } from '../base/clock.js';
import { type Message, MessageType } from '../raft/index.js';

/** So many messages are handed on without waiting for more. */
const MAX_BATCH_LENGTH = 4096;

export interface InboxDependencies {
  readonly clock: Clock;
  receive(messages: readonly Message[]): void;
}

/**
 * Gathers what all streams deliver in one turn of the event loop, so that Raft takes it as one batch
 * and answers once: etcd 3.7.1 sends the messages of a batch last first, and a follower that took them
 * one by one would reject most of them (formats.md §1.3).
 */
export class Inbox {
  readonly #dependencies: InboxDependencies;
  #messages: Message[] = [];
  #isScheduled = false;
  #isStopped = false;

  constructor(dependencies: InboxDependencies) {
    this.#dependencies = dependencies;
  }

  add(message: Message): void {
    if (this.#isStopped) return;
    this.#messages.push(message);
    if (this.#messages.length >= MAX_BATCH_LENGTH) {
      this.#deliver();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      // After the sockets that have something were read, and before the loop waits again.
      this.#dependencies.clock.setImmediate(() => {
        this.#isScheduled = false;
        this.#deliver();
      });
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#messages = [];
  }

  #deliver(): void {
    const batch = this.#messages;
    if (batch.length === 0) return;
    this.#messages = [];
    orderAppends(batch);
    this.#dependencies.receive(batch);
  }
}

/** Puts the appends of `batch` in ascending order of term and index; the others keep their places. */
export function orderAppends(batch: Message[]): void {
  const places: number[] = [];
  let isOrdered = true;
  let last: Message | undefined;
  batch.forEach((message, place) => {
    if (message.type !== MessageType.append) return;
    if (last !== undefined && compareAppends(last, message) > 0) isOrdered = false;
    last = message;
    places.push(place);
  });
  if (isOrdered) return;
  const appends = places.map((place) => batch[place] as Message).sort(compareAppends);
  places.forEach((place, rank) => {
    batch[place] = appends[rank] as Message;
  });
}

function compareAppends(left: Message, right: Message): number {
  return left.term - right.term || left.index - right.index;
}
