/** What clients ask a cluster and are told, as the checkers need it. */

/** A condition of a transaction: the key holds this value (undefined: it does not exist). */
export interface Compare {
  readonly key: string;
  readonly value: string | undefined;
}

/** A put, or with an undefined value a delete. */
export interface Write {
  readonly key: string;
  readonly value: string | undefined;
}

/**
 * One request. If all compares hold, the writes are made; if not, the compared keys are read. A
 * request without writes reads `reads`. Values that are put are used once in a whole test, so a
 * value names its request; a request that deletes puts something, too.
 */
export interface Request {
  readonly compares: readonly Compare[];
  readonly writes: readonly Write[];
  readonly reads: readonly string[];
  /** A read from one member's own state, which may be old. */
  readonly isSerializable: boolean;
}

/** What an answer says of a key that exists. */
export interface StoredValue {
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/** What the server answered. */
export interface Answer {
  /** The header's: of the write, or that which was read. */
  readonly revision: number;
  /** The compares held (also if there are none). */
  readonly succeeded: boolean;
  /** By key, of `reads` or of the keys whose compares failed; undefined for keys that do not exist. */
  readonly read: ReadonlyMap<string, StoredValue | undefined>;
}

/** A request with what its client knows of its outcome. Times are of one monotonic clock. */
export interface Operation {
  readonly client: string;
  /** Names one life of a member's process: within it, serializable reads never go back. */
  readonly life: string;
  readonly request: Request;
  readonly calledAtMs: number;
  /** `Infinity` while there is no answer, and when there came an error instead. */
  returnedAtMs: number;
  /** Undefined: it may have happened, may still happen, or may never happen. */
  answer: Answer | undefined;
}

/** The request wrote something, as far as its answer says. */
export function hasWritten({ request, answer }: Operation): boolean {
  return request.writes.length > 0 && answer?.succeeded === true;
}

/** A short text of an operation for failure messages. */
export function describe(operation: Operation): string {
  const { client, life, request, answer, calledAtMs, returnedAtMs } = operation;
  const read = answer && Object.fromEntries([...answer.read].map(([key, of]) => [key, of?.value]));
  const answered = answer && { revision: answer.revision, succeeded: answer.succeeded, read };
  const times = `${calledAtMs.toFixed(1)}..${returnedAtMs.toFixed(1)} ms`;
  return `${client} at ${life}, ${times}: ${JSON.stringify(request)} -> ${JSON.stringify(answered)}`;
}
