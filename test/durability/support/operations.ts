/** What clients asked for and what they were told: the other side of the history of the store. */

/** A put of an operation's own value. */
export interface PutPart {
  readonly kind: 'put';
  readonly key: string;
  /** 0n: none. */
  readonly lease: bigint;
}

/** A delete of one key (`end` empty) or of all keys in [key, end). */
export interface DeletePart {
  readonly kind: 'delete';
  readonly key: string;
  readonly end: string;
}

export type Part = PutPart | DeletePart;

/**
 * - `pending`: no answer yet
 * - `acknowledged`: must be in the history, at `revision`
 * - `refused`: the server said that it did nothing
 * - `unknown`: the connection broke first; it may have happened, wholly or not at all
 * - `applied`, `lost`: what became of an unknown one
 */
export type Outcome = 'pending' | 'acknowledged' | 'refused' | 'unknown' | 'applied' | 'lost';

/** One write request. All its puts carry `token`, which no other operation has. */
export interface WriteOperation {
  readonly token: string;
  /** Size of the values. */
  readonly valueSizeBytes: number;
  readonly parts: readonly Part[];
  readonly sentAtMs: number;
  answeredAtMs: number;
  outcome: Outcome;
  /** The header's revision of the answer. */
  revision: number;
  /** Keys that the answer said were deleted. */
  deletedKeys: number;
}

/** A lease as its clients know it. */
export interface LeaseRecord {
  readonly id: bigint;
  readonly ttlSeconds: number;
  outcome: Outcome;
  /** When the last request that started its time was sent: it lives for its TTL from there on. */
  startedAtMs: number;
  isRevokeRequested: boolean;
  isRevokeAcknowledged: boolean;
  /** The revision that deleted its keys when it ended, 0 while there is none. */
  endRevision: number;
}

/** A monotonic clock of this process. */
export function nowMs(): number {
  return performance.now();
}

/** The bytes that the puts of an operation write. */
export function valueBytes(token: string, sizeBytes: number): Buffer {
  return Buffer.alloc(Math.max(sizeBytes, token.length + 1), `${token}:`);
}

/**
 * The token of a value, after a look at every byte of it; a number stands for itself. Throws if it is
 * not one of ours.
 */
export function tokenOf(value: Buffer): string {
  const end = value.indexOf(':');
  if (end === -1 && /^[0-9]{1,16}$/.test(value.toString('latin1', 0, 20))) {
    return value.toString('latin1');
  }
  if (end <= 0) throw new Error(`a value of nobody: ${value.subarray(0, 40).toString('latin1')}`);
  const token = value.toString('latin1', 0, end);
  if (!value.equals(valueBytes(token, value.length)))
    throw new Error(`the value of ${token} changed`);
  return token;
}
