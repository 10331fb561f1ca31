/**
 * What locks and elections have in common: whoever wants something puts a key of its own under the
 * name, bound to a lease; the one whose key was created first has it.
 */
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  type RangeRequest,
  RangeRequest_SortOrder,
  RangeRequest_SortTarget,
} from '../../proto/generated/etcdserverpb.js';
import { Event_EventType } from '../../proto/generated/mvccpb.js';
import type { Init } from '../../proto/wire.js';
import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { renew } from './lease.js';
import { DELETE_RANGE, LEASE_GRANT, PUT, RANGE, TXN } from './methods.js';
import { prefixEnd } from './ranges.js';
import type { Session } from './session.js';
import { WatchStream } from './watch-stream.js';

/** A lease that is renewed as long as the program runs. */
export interface LeaseSession {
  readonly lease: bigint;
  /** Resolves when the lease is gone. */
  readonly expired: Promise<void>;
}

export async function openLeaseSession(
  connection: Connection,
  ttlSeconds: number,
): Promise<LeaseSession> {
  const { id } = await connection.unary(LEASE_GRANT, { ttl: ttlSeconds });
  const expired = renew(connection, id, false, () => {}).catch(() => {});
  return { lease: id, expired };
}

const canceled = (): CommandError => new CommandError(EXIT.error, 'context canceled');

/** A signal that says that the user wants the command to end. */
export function interruption(session: Session): AbortSignal {
  const controller = new AbortController();
  session.terminal.onInterrupt(() => controller.abort());
  return controller.signal;
}

/** Resolves when `signal` is set. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The key under `prefix` that was created first. */
export function oldestKey(prefix: Buffer): Init<RangeRequest> {
  return {
    key: prefix,
    rangeEnd: prefixEnd(prefix),
    limit: 1,
    sortOrder: RangeRequest_SortOrder.ASCEND,
    sortTarget: RangeRequest_SortTarget.CREATE,
  };
}

/** A key that stands in line for something. */
export class Contender {
  readonly key: Buffer;
  readonly #prefix: Buffer;
  readonly #connection: Connection;
  readonly #lease: bigint;
  #createRevision = 0;

  constructor(connection: Connection, name: string, lease: bigint) {
    this.#connection = connection;
    this.#lease = lease;
    this.#prefix = Buffer.from(`${name}/`);
    this.key = Buffer.from(`${name}/${lease.toString(16)}`);
  }

  /**
   * Resolves when the key is the first in line; to the revision of that moment.
   * @throws CommandError when `signal` is set before; the key is removed then
   */
  async win(value: string, signal: AbortSignal): Promise<number> {
    const { key } = this;
    const create = { target: Compare_CompareTarget.CREATE, createRevision: 0 };
    const answer = await this.#connection.unary(TXN, {
      compare: [{ key, result: Compare_CompareResult.EQUAL, ...create }],
      success: [{ requestPut: { key, value: Buffer.from(value), lease: this.#lease } }],
      failure: [{ requestRange: { key } }],
    });
    const existing = answer.responses[0]?.responseRange?.kvs[0];
    this.#createRevision = existing?.createRevision ?? answer.header?.revision ?? 0;
    if (existing !== undefined && existing.value.toString() !== value) {
      await this.#connection.unary(PUT, { key, value: Buffer.from(value), lease: this.#lease });
    }
    try {
      return await this.#waitForTurn(signal);
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  /** Gives up the place. */
  async leave(): Promise<void> {
    await this.#connection.unary(DELETE_RANGE, { key: this.key });
  }

  /** Waits for the newest of those before this one, again and again, until there is none. */
  async #waitForTurn(signal: AbortSignal): Promise<number> {
    for (;;) {
      const { kvs, header } = await this.#connection.unary(RANGE, {
        ...oldestKey(this.#prefix),
        sortOrder: RangeRequest_SortOrder.DESCEND,
        maxCreateRevision: this.#createRevision - 1,
      });
      const revision = header?.revision ?? 0;
      const before = kvs[0];
      if (before === undefined) return revision;
      await waitForDeletion(this.#connection, before.key, revision, signal);
    }
  }
}

/** @throws CommandError when `signal` is set before */
function waitForDeletion(
  connection: Connection,
  key: Buffer,
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  const stream = new WatchStream(connection);
  const deleted = new Promise<void>((resolve, reject) => {
    const listener = {
      async onResponse({ events }: { events: { type: number }[] }) {
        if (events.some(({ type }) => type === Event_EventType.DELETE)) resolve();
      },
    };
    const lost = new CommandError(EXIT.error, 'lost watcher waiting for delete');
    stream.watch({ key, startRevision: revision }, listener).then(() => reject(lost), reject);
  });
  const aborted = whenAborted(signal).then(() => {
    throw canceled();
  });
  return Promise.race([deleted, aborted]).finally(() => stream.close());
}
