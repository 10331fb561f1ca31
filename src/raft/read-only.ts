import { type JointVoters, jointCommittedIndex } from './quorum/joint.js';
import type { Message, NodeId } from './types.js';

/** A read on the leader that waits for a quorum to confirm the leadership. */
export interface PendingRead {
  readonly request: Message;
  /** The commit index when the read arrived: what it has to see. */
  readonly index: number;
}

const CONTEXT_BYTES = 8;

/**
 * The reads of one leadership, in order of arrival and numbered from 1. A heartbeat carries the
 * number of the newest; a follower's echo of n confirms all reads up to n (formats.md §1.3).
 */
export class ReadOnlyQueue {
  #pending: PendingRead[] = [];
  #confirmed = 0;
  readonly #acks = new Map<NodeId, number>();

  /** How many reads wait. */
  get length(): number {
    return this.#pending.length;
  }

  /** The number of the newest read. */
  get #newest(): number {
    return this.#confirmed + this.#pending.length;
  }

  add(read: PendingRead): void {
    this.#pending.push(read);
  }

  /** The context of heartbeats: 8 bytes little-endian, or undefined if no read waits. */
  heartbeatContext(): Uint8Array | undefined {
    if (this.#pending.length === 0) return undefined;
    const bytes = new Uint8Array(CONTEXT_BYTES);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(this.#newest), true);
    return bytes;
  }

  /** Takes the echo of a heartbeat; anything that is not one of ours is ignored. */
  acknowledge(from: NodeId, context: Uint8Array): void {
    if (context.length !== CONTEXT_BYTES) return;
    const view = new DataView(context.buffer, context.byteOffset, CONTEXT_BYTES);
    this.acknowledgeUpTo(from, Number(view.getBigUint64(0, true)));
  }

  /** Notes that `from` confirms all reads up to the given number. */
  acknowledgeUpTo(from: NodeId, position = this.#newest): void {
    if (position > this.#newest) return;
    this.#acks.set(from, Math.max(this.#acks.get(from) ?? 0, position));
  }

  /** Takes out the reads that a quorum has confirmed. */
  takeConfirmed(voters: JointVoters): readonly PendingRead[] {
    const quorum = jointCommittedIndex(voters, (id) => this.#acks.get(id));
    // Infinite: there are no voters, so nobody can confirm anything.
    if (quorum === Number.POSITIVE_INFINITY) return [];
    const confirmed = Math.min(quorum, this.#newest);
    if (confirmed <= this.#confirmed) return [];
    const reads = this.#pending.splice(0, confirmed - this.#confirmed);
    this.#confirmed = confirmed;
    return reads;
  }
}
