import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { FloodGuard } from './flood-guard.js';
import type { Flushable, FlushQueue } from './flush-queue.js';
import { FrameReader } from './frame-reader.js';
import type { MethodTable } from './grpc/method-table.js';
import type { Http2Limits } from './limits.js';
import { Output } from './output.js';
import { ConnectionError, ErrorCode, MAX_STREAM_ID } from './protocol.js';
import { Sender } from './sender.js';
import { Session } from './session.js';
import { StreamTable } from './stream-table.js';
import { Timer, type TimerWheel } from './timer-wheel.js';

export interface ConnectionOptions {
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
  readonly keepaliveMinTimeMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly limits: Http2Limits;
}

export interface ConnectionDependencies {
  readonly methods: MethodTable;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Deadlines of calls. */
  readonly deadlines: TimerWheel;
  /** Time limits of connections, which may be coarse. */
  readonly timers: TimerWheel;
  readonly flushQueue: FlushQueue;
  readonly onClosed: (connection: Connection) => void;
}

/** While this much waits for the socket, nothing more is read: whoever does not listen is not heard. */
const PAUSE_BYTES = 1024 * 1024;
/** More than this queued for a client's windows must make way; handlers that wait for room keep less. */
const MAX_STALLED_QUEUE_BYTES = 1024 * 1024;
/**
 * What a connection sends in one turn of the event loop. A client that reads as fast as it is written to
 * never fills the socket, so that one write would follow the other: 100 MB took 150 ms that way, in which
 * nobody else was served.
 */
const TURN_BYTES = 512 * 1024;
/** How long a client may take to hang up after our last word. */
const LINGER_MS = 1000;
/** How long a client may take to answer the ping that follows the first GOAWAY. */
const DRAIN_PING_TIMEOUT_MS = 5000;
const KEEPALIVE_PING = Buffer.from('keepaliv', 'latin1');
const DRAIN_PING = Buffer.from('draining', 'latin1');

/** How far a connection's output has come. */
interface OutputState {
  readonly isInFlight: boolean;
  readonly isQueueLarge: boolean;
  readonly writesDone: number;
  readonly unqueuedBytes: number;
}

/** One client: its socket, its time limits, and its end. What the frames mean is the session's. */
export class Connection implements Flushable {
  readonly #options: ConnectionOptions;
  readonly #dependencies: ConnectionDependencies;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #sender: Sender;
  readonly #streams: StreamTable;
  readonly #session: Session;
  readonly #reader: FrameReader;
  readonly #prefaceTimer = new Timer(() => this.#onPrefaceTimeout());
  readonly #keepaliveTimer = new Timer(() => this.#onKeepalive());
  readonly #idleTimer = new Timer(() => this.#onIdle());
  readonly #stallTimer = new Timer(() => this.#onStallTimer());
  readonly #endTimer = new Timer(() => this.#onEndTimeout());
  /** A flush will come: at the end of this read, or from the queue. */
  #willFlush = false;
  #isPaused = false;
  /** The next write waits for a later turn; and when that is so: at so many bytes sent. */
  #isYielding = false;
  #yieldAtBytes = TURN_BYTES;
  #lastLook: OutputState | undefined;
  #hasReadSince = false;
  #awaitsPing = false;
  #isDrainPingSent = false;
  #isEnding = false;
  #isClosed = false;

  constructor(socket: Socket, options: ConnectionOptions, dependencies: ConnectionDependencies) {
    const { clock, deadlines, methods } = dependencies;
    const { limits } = options;
    this.#socket = socket;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#output = new Output(socket, () => this.#onWritten());
    this.#sender = new Sender(limits, this.#output);
    const nowMs = (): number => clock.nowMs();
    const guard = new FloodGuard(limits, this.#sender, nowMs);
    this.#streams = new StreamTable(options, {
      guard,
      output: this.#output,
      sender: this.#sender,
      deadlines,
      flushSoon: () => this.#flushSoon(),
    });
    this.#session = new Session(options, {
      output: this.#output,
      sender: this.#sender,
      streams: this.#streams,
      deadlines,
      methods,
      guard,
      nowMs,
      onPingAck: (payload) => this.#onPingAck(payload),
    });
    this.#reader = new FrameReader(this.#session);
  }

  /** Begins to serve. */
  start(): void {
    const socket = this.#socket;
    const { timers } = this.#dependencies;
    const { limits, keepaliveIntervalMs } = this.#options;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClosed());
    if (socket.destroyed) {
      this.#onClosed();
      return;
    }
    timers.schedule(this.#prefaceTimer, limits.prefaceTimeoutMs);
    if (keepaliveIntervalMs > 0) timers.schedule(this.#keepaliveTimer, keepaliveIntervalMs);
    if (limits.idleTimeoutMs > 0) timers.schedule(this.#idleTimer, limits.idleTimeoutMs);
    this.#session.begin();
    this.flush();
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    // A client that ends its side hears nothing more from gRPC's clients' point of view either.
    socket.on('end', () => this.#onClosed());
    socket.resume();
  }

  /** Asks the client to go: calls at work are finished, no new ones taken (RFC 9113 §6.8). */
  drain(): void {
    if (this.#isEnding || this.#isDrainPingSent) return;
    this.#isDrainPingSent = true;
    // The ping's return shows that the client knows; until then it may open streams in good faith.
    this.#session.control.sendGoAway(MAX_STREAM_ID, ErrorCode.noError, '');
    this.#session.control.sendPing(DRAIN_PING, 0);
    this.#dependencies.timers.schedule(this.#endTimer, DRAIN_PING_TIMEOUT_MS);
    this.flush();
  }

  /** Ends the connection and all its calls. */
  destroy(): void {
    this.#socket.destroy();
    this.#onClosed();
  }

  /** Puts out what is ready and hands it to the socket. */
  flush(): void {
    this.#willFlush = false;
    if (this.#isClosed) return;
    // What drained handlers write in here is part of this flush.
    this.#willFlush = true;
    this.#sender.pump();
    this.#streams.resetHalfOpen();
    this.#willFlush = false;
    this.#output.flush();
    if (this.#stallTimer.timerSlot < 0 && this.#mayStall) this.#watchForStall();
    if (this.#session.state.isDraining && this.#streams.size === 0) this.#endWhenFlushed();
  }

  get #mayStall(): boolean {
    return this.#output.isInFlight || this.#sender.queuedBytes > MAX_STALLED_QUEUE_BYTES;
  }

  #flushSoon(): void {
    if (this.#willFlush || this.#isClosed) return;
    this.#willFlush = true;
    this.#dependencies.flushQueue.add(this);
  }

  #onData(bytes: Buffer): void {
    if (!this.#session.isReading) return;
    this.#hasReadSince = true;
    this.#session.state.nowMs = Math.trunc(this.#dependencies.clock.nowMs());
    // All answers given while this input is read leave with one write at its end.
    const wasQueued = this.#willFlush;
    this.#willFlush = true;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#prefaceTimer.timerSlot >= 0 && this.#session.state.hasSettings) {
      this.#dependencies.timers.cancel(this.#prefaceTimer);
    }
    this.flush();
    // Still in the queue from before: it will only find nothing to do.
    this.#willFlush = wasQueued;
    if (this.#output.pendingBytes > PAUSE_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  /** A write has left: the next one follows, and whoever was not heard may speak again. */
  #onWritten(): void {
    if (this.#output.sentBytes < this.#yieldAtBytes) this.#sendNext();
    else this.#yieldTurn();
  }

  /** Leaves what comes next to a later turn of the event loop. */
  #yieldTurn(): void {
    if (this.#isYielding) return;
    this.#isYielding = true;
    this.#dependencies.clock.setImmediate(() => {
      this.#isYielding = false;
      this.#yieldAtBytes = this.#output.sentBytes + TURN_BYTES;
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#isClosed) return;
    this.flush();
    if (this.#isEnding) this.#hangUp();
    if (this.#isPaused && this.#output.pendingBytes < PAUSE_BYTES / 2) {
      this.#isPaused = false;
      this.#socket.resume();
    }
  }

  #fail(error: unknown): void {
    if (error instanceof ConnectionError) {
      this.#end(error.code, error.message);
      return;
    }
    const text = errorText(error);
    this.#dependencies.logger.error('HTTP/2 connection failed unexpectedly', { error: text });
    this.#end(ErrorCode.internalError, '');
  }

  /** Says why, sends what was put out before, and hangs up. */
  #end(code: ErrorCode, text: string): void {
    if (this.#isEnding) return;
    this.#session.isReading = false;
    this.#session.control.sendGoAway(this.#session.state.lastStreamId, code, text);
    this.#streams.abortAll();
    this.#endWhenFlushed();
  }

  #endWhenFlushed(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#output.flush();
    this.#hangUp();
    this.#dependencies.timers.schedule(this.#endTimer, LINGER_MS);
  }

  /**
   * Ends our side once all is written. Input is read and dropped meanwhile: a socket closed with
   * unread input resets the connection, and the client would lose our last words.
   */
  #hangUp(): void {
    if (this.#output.pendingBytes === 0 && !this.#socket.writableEnded) this.#socket.end();
  }

  #onClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session.isReading = false;
    const { timers } = this.#dependencies;
    timers.cancel(this.#prefaceTimer);
    timers.cancel(this.#keepaliveTimer);
    timers.cancel(this.#idleTimer);
    timers.cancel(this.#stallTimer);
    timers.cancel(this.#endTimer);
    this.#streams.abortAll();
    this.#output.close();
    this.#socket.destroy();
    this.#dependencies.onClosed(this);
  }

  // Time limits

  #onPrefaceTimeout(): void {
    this.#end(ErrorCode.protocolError, 'no connection preface in time');
    this.flush();
  }

  #onKeepalive(): void {
    const { timers } = this.#dependencies;
    const { keepaliveIntervalMs, keepaliveTimeoutMs } = this.#options;
    if (this.#hasReadSince) {
      this.#hasReadSince = false;
      this.#awaitsPing = false;
    } else if (this.#awaitsPing) {
      this.destroy();
      return;
    } else {
      this.#awaitsPing = true;
      this.#session.control.sendPing(KEEPALIVE_PING, 0);
      this.flush();
    }
    timers.schedule(
      this.#keepaliveTimer,
      this.#awaitsPing ? keepaliveTimeoutMs : keepaliveIntervalMs,
    );
  }

  #onIdle(): void {
    const { timers } = this.#dependencies;
    if (this.#streams.size === 0 && !this.#hasReadSince) this.drain();
    this.#hasReadSince = false;
    timers.schedule(this.#idleTimer, this.#options.limits.idleTimeoutMs);
  }

  /** What waits for the client: in the socket, or in large amounts for its windows. */
  #outputState(): OutputState {
    return {
      isInFlight: this.#output.isInFlight,
      isQueueLarge: this.#sender.queuedBytes > MAX_STALLED_QUEUE_BYTES,
      writesDone: this.#output.writesDone,
      unqueuedBytes: this.#sender.unqueuedBytes,
    };
  }

  /** Looks again after the time in which what waits should have made some way. */
  #watchForStall(): void {
    this.#lastLook = this.#outputState();
    this.#dependencies.timers.schedule(
      this.#stallTimer,
      this.#options.limits.stalledWriteTimeoutMs,
    );
  }

  #onStallTimer(): void {
    const before = this.#lastLook;
    const now = this.#outputState();
    if (before === undefined || !(now.isInFlight || now.isQueueLarge)) return;
    const isWriteStuck =
      before.isInFlight && now.isInFlight && before.writesDone === now.writesDone;
    const isQueueStuck =
      before.isQueueLarge && now.isQueueLarge && before.unqueuedBytes === now.unqueuedBytes;
    if (isWriteStuck || isQueueStuck) this.destroy();
    else this.#watchForStall();
  }

  #onPingAck(payload: Buffer): void {
    if (this.#awaitsPing && payload.equals(KEEPALIVE_PING)) {
      this.#awaitsPing = false;
      const { keepaliveIntervalMs } = this.#options;
      this.#dependencies.timers.schedule(this.#keepaliveTimer, keepaliveIntervalMs);
    }
    if (this.#isDrainPingSent && payload.equals(DRAIN_PING)) this.#beginDraining();
  }

  /** The client knows that it should go: what it has opened until now is finished. */
  #beginDraining(): void {
    if (this.#session.state.isDraining) return;
    this.#session.state.isDraining = true;
    this.#session.control.sendGoAway(this.#session.state.lastStreamId, ErrorCode.noError, '');
    this.flush();
  }

  /** The end of a drain's or of a goodbye's patience. */
  #onEndTimeout(): void {
    if (this.#isEnding) this.destroy();
    else this.#beginDraining();
  }
}
