import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../../base/clock.js';
import { type Logger, silentLogger } from '../../base/logger.js';
import type { Carrier, CarrierOptions } from '../grpc-js-carrier.js';
import type { RpcMethod } from '../handler.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { FlushQueue } from './flush-queue.js';
import { MethodTable } from './grpc/method-table.js';
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from './limits.js';
import { TimerWheel } from './timer-wheel.js';

export interface Http2CarrierOptions extends CarrierOptions {
  /** Bounds that differ from {@link DEFAULT_HTTP2_LIMITS}. */
  readonly limits?: Partial<Http2Limits>;
}

export interface Http2CarrierDependencies {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** How late a deadline may be noticed. */
const DEADLINE_TICK_MS = 10;
/** How late a connection's time limits may be; finer where they are short. */
const MAX_TIMER_TICK_MS = 1000;

/** Our own HTTP/2 and gRPC over plain sockets. */
export function createHttp2Carrier(
  options: Http2CarrierOptions,
  methods: readonly RpcMethod[],
  dependencies: Http2CarrierDependencies = {},
): Carrier {
  return new SocketCarrier(options, methods, dependencies);
}

class SocketCarrier implements Carrier {
  readonly #options: ConnectionOptions;
  readonly #methods: MethodTable;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #deadlines: TimerWheel;
  readonly #timers: TimerWheel;
  readonly #flushQueue = new FlushQueue();
  readonly #connections = new Set<Connection>();
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(
    options: Http2CarrierOptions,
    methods: readonly RpcMethod[],
    dependencies: Http2CarrierDependencies,
  ) {
    const limits = { ...DEFAULT_HTTP2_LIMITS, ...options.limits };
    this.#options = { ...options, limits };
    this.#methods = new MethodTable(methods);
    this.#clock = dependencies.clock ?? systemClock;
    this.#logger = dependencies.logger ?? silentLogger;
    const clock = this.#clock;
    this.#deadlines = new TimerWheel({ tickMs: DEADLINE_TICK_MS }, { clock });
    this.#timers = new TimerWheel({ tickMs: timerTickMs(this.#options) }, { clock });
  }

  accept(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.#options, {
      methods: this.#methods,
      clock: this.#clock,
      logger: this.#logger,
      deadlines: this.#deadlines,
      timers: this.#timers,
      flushQueue: this.#flushQueue,
      onClosed: (closed) => this.#closed(closed),
    });
    this.#connections.add(connection);
    connection.start();
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#connections]) connection.destroy();
    this.#deadlines.close();
    this.#timers.close();
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    for (const connection of [...this.#connections]) connection.drain();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.setTimeout(resolve, timeoutMs);
        this.#onEmpty = () => {
          cancel();
          resolve();
        };
      });
    }
    this.close();
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}

/** A tick that is fine enough for the shortest of the limits, and no finer. */
function timerTickMs(options: ConnectionOptions): number {
  const { limits, keepaliveIntervalMs, keepaliveTimeoutMs } = options;
  const shortest = Math.min(
    limits.prefaceTimeoutMs,
    limits.stalledWriteTimeoutMs,
    ...[limits.idleTimeoutMs, keepaliveIntervalMs, keepaliveTimeoutMs].filter((ms) => ms > 0),
  );
  return Math.min(MAX_TIMER_TICK_MS, Math.max(10, Math.floor(shortest / 10)));
}
