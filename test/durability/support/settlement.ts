import {
  apply,
  type Change,
  FIRST_REVISION,
  type History,
  keysInRange,
  keysOfLease,
  type Revision,
  type State,
} from './history.js';
import type { LeaseRecord, WriteOperation } from './operations.js';

/**
 * Finds the operation behind every revision of a history, and a revision behind every acknowledged
 * operation: what was acknowledged is there at the revision that was told, what was not is there
 * wholly or not at all, and nothing is there that nobody asked for.
 */
export class Settlement {
  readonly leases = new Map<bigint, LeaseRecord>();
  private readonly history: History;
  private readonly byToken = new Map<string, WriteOperation>();
  /** Sent since the last {@link settle}. */
  private unsettled: WriteOperation[] = [];
  private readonly state: State = new Map();
  private settledRevision = FIRST_REVISION;

  constructor(history: History) {
    this.history = history;
  }

  /** Notes a write that is about to be sent. */
  add(operation: WriteOperation): void {
    this.byToken.set(operation.token, operation);
    this.unsettled.push(operation);
  }

  addLease(lease: LeaseRecord): void {
    this.leases.set(lease.id, lease);
  }

  /** The highest revision that a client was told of a write. */
  get acknowledgedRevision(): number {
    return Math.max(FIRST_REVISION, ...this.unsettled.map((operation) => operation.revision));
  }

  /** The store as it is at the end of what was settled. Read only. */
  get current(): State {
    return this.state;
  }

  /**
   * Settles everything sent so far. The server must have been stopped after the last of it was sent,
   * and the history must be complete, so that what is not in it will never be. Throws on the first
   * contradiction.
   */
  settle(): void {
    const acknowledged = new Map<number, WriteOperation>();
    const withoutChange = new Map<number, WriteOperation[]>();
    for (const operation of this.unsettled) {
      if (operation.outcome === 'pending') operation.outcome = 'unknown';
      if (operation.outcome !== 'acknowledged') continue;
      this.noteAcknowledged(operation, acknowledged, withoutChange);
    }
    for (const idle of withoutChange.get(this.settledRevision) ?? []) this.requireIdle(idle);
    while (this.settledRevision < this.history.lastRevision) {
      const revision = this.history.at(this.settledRevision + 1);
      const operation = acknowledged.get(revision.revision) ?? this.unknownBehind(revision);
      if (operation === undefined) this.settleLeaseEnd(revision);
      else this.settleOperation(operation, revision);
      apply(this.state, revision);
      acknowledged.delete(revision.revision);
      this.settledRevision = revision.revision;
      for (const idle of withoutChange.get(revision.revision) ?? []) this.requireIdle(idle);
    }
    for (const [revision, { token }] of acknowledged) {
      throw new Error(`${token} was acknowledged at ${revision}, which is not in the store`);
    }
    requireRealTimeOrder(this.unsettled);
    for (const operation of this.unsettled) {
      if (operation.outcome === 'unknown') operation.outcome = 'lost';
    }
    this.unsettled = [];
  }

  /** An operation that can only have deleted tells with its revision alone not whether it did. */
  private noteAcknowledged(
    operation: WriteOperation,
    acknowledged: Map<number, WriteOperation>,
    withoutChange: Map<number, WriteOperation[]>,
  ): void {
    const { revision, token } = operation;
    if (revision > this.history.lastRevision) {
      throw new Error(
        `${token} was acknowledged at ${revision}; the store ends at ${this.history.lastRevision}`,
      );
    }
    if (changesNothing(operation)) {
      withoutChange.set(revision, [...(withoutChange.get(revision) ?? []), operation]);
      return;
    }
    const other = acknowledged.get(revision);
    if (other !== undefined) {
      throw new Error(`${token} and ${other.token} were both acknowledged at ${revision}`);
    }
    acknowledged.set(revision, operation);
  }

  private requireIdle(operation: WriteOperation): void {
    const keys = expectedKeys(this.state, operation);
    if (keys.length === 0) return;
    throw new Error(
      `${operation.token} was told at ${operation.revision} that nothing was there: ${keys}`,
    );
  }

  /**
   * The operation without an answer that this revision must come from, if it is one. Deletes tell not
   * who made them; whoever was sent after the revision was seen did not.
   */
  private unknownBehind({ revision, changes, seenAtMs }: Revision): WriteOperation | undefined {
    const token = changes.find((change) => change.stored !== undefined)?.stored?.token;
    if (token === undefined) {
      const keys = changes.map((change) => change.key).join();
      return this.unsettled.find(
        (operation) =>
          operation.outcome === 'unknown' &&
          operation.sentAtMs < seenAtMs &&
          isDeleteOnly(operation) &&
          expectedKeys(this.state, operation).join() === keys,
      );
    }
    const operation = this.byToken.get(token);
    if (operation?.outcome === 'unknown') return operation;
    const outcome = operation?.outcome ?? 'never asked for';
    throw new Error(`revision ${revision} holds ${token}, which was ${outcome}`);
  }

  private settleOperation(operation: WriteOperation, revision: Revision): void {
    const where = `revision ${revision.revision}, ${operation.token}`;
    const expected = expectedChanges(this.state, operation);
    const actual = revision.changes.map(describeChange);
    if (actual.join() !== expected.join()) {
      throw new Error(`${where}: [${actual}] instead of [${expected}]`);
    }
    for (const part of operation.parts) {
      if (part.kind !== 'put' || part.lease === 0n) continue;
      const lease = this.leases.get(part.lease);
      if (lease === undefined || lease.endRevision > 0) {
        throw new Error(`${where}: attached to the lease ${part.lease}, which is not there`);
      }
    }
    if (operation.outcome === 'unknown') operation.outcome = 'applied';
    operation.revision = revision.revision;
  }

  /** Deletes that nobody asked for must be those of a lease that was revoked or has run out. */
  private settleLeaseEnd({ revision, changes, seenAtMs }: Revision): void {
    const keys = changes.map((change) => change.key);
    const id = this.state.get(keys[0] ?? '')?.lease ?? 0n;
    const lease = this.leases.get(id);
    const attached = keysOfLease(this.state, id);
    if (lease === undefined || attached.join() !== keys.join()) {
      const text = `revision ${revision}: nobody asked for [${changes.map(describeChange)}]`;
      throw new Error(`${text}; the lease ${id} of the first key has [${attached}]`);
    }
    if (lease.endRevision > 0) throw new Error(`lease ${id} ended twice, again at ${revision}`);
    lease.endRevision = revision;
    requireMayBeGone(lease, seenAtMs);
  }
}

/** Throws if a lease that is gone at `atMs` should have been there. */
export function requireMayBeGone(lease: LeaseRecord, atMs: number): void {
  if (lease.isRevokeRequested) return;
  const aliveMs = atMs - lease.startedAtMs;
  if (aliveMs >= lease.ttlSeconds * 1000) return;
  throw new Error(`lease ${lease.id} of ${lease.ttlSeconds} s was gone after ${aliveMs} ms`);
}

function isDeleteOnly({ parts }: WriteOperation): boolean {
  return parts.every((part) => part.kind === 'delete');
}

function changesNothing(operation: WriteOperation): boolean {
  return isDeleteOnly(operation) && operation.deletedKeys === 0;
}

function expectedKeys(state: State, operation: WriteOperation): string[] {
  return operation.parts.flatMap((part) =>
    part.kind === 'put' ? [part.key] : keysInRange(state, part.key, part.end),
  );
}

function expectedChanges(state: State, operation: WriteOperation): string[] {
  const { token, valueSizeBytes, parts } = operation;
  const deleted = new Set<string>();
  return parts.flatMap((part) => {
    if (part.kind === 'put') return [describePut(part.key, token, valueSizeBytes, part.lease)];
    const keys = keysInRange(state, part.key, part.end).filter((key) => !deleted.has(key));
    for (const key of keys) deleted.add(key);
    return keys.map((key) => `delete ${key}`);
  });
}

function describeChange({ key, stored }: Change): string {
  if (stored === undefined) return `delete ${key}`;
  return describePut(key, stored.token, stored.valueSizeBytes, stored.lease);
}

function describePut(key: string, token: string, sizeBytes: number, lease: bigint): string {
  return `put ${key}=${token} (${sizeBytes} bytes, lease ${lease})`;
}

/** Whether it is sure which revision an operation made: an unanswered delete leaves no token behind. */
function isPlacedForSure({ outcome, parts }: WriteOperation): boolean {
  return outcome === 'acknowledged' || parts.some((part) => part.kind === 'put');
}

/** Whoever was answered before another one was sent comes before it. */
function requireRealTimeOrder(operations: readonly WriteOperation[]): void {
  const placed = operations
    .filter((operation) => operation.revision > 0 && operation.outcome !== 'refused')
    .filter(isPlacedForSure)
    .sort((a, b) => b.revision - a.revision);
  let earliest: WriteOperation | undefined;
  for (const operation of placed) {
    if (
      earliest !== undefined &&
      operation.revision < earliest.revision &&
      operation.sentAtMs > earliest.answeredAtMs
    ) {
      throw new Error(
        `${operation.token} at ${operation.revision} was sent after ${earliest.token} at ` +
          `${earliest.revision} had been answered`,
      );
    }
    const isAnswered = operation.outcome === 'acknowledged';
    if (!isAnswered) continue;
    if (earliest === undefined || operation.answeredAtMs < earliest.answeredAtMs) {
      earliest = operation;
    }
  }
}
