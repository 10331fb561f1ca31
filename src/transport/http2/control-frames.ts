import type { FloodGuard } from './flood-guard.js';
import { tooMuch } from './flood-guard.js';
import type { Output } from './output.js';
import { PingPolicy } from './ping-policy.js';
import {
  ConnectionError,
  DEFAULT_HEADER_TABLE_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  frameSizeError,
  protocolError,
} from './protocol.js';
import type { Sender } from './sender.js';
import { readSettings } from './settings.js';
import type { StreamTable } from './stream-table.js';

/** A stream that is reset within this time of its opening was perhaps never meant. */
const RAPID_MS = 1000;

/** What the frames of a connection have brought about so far. */
export interface SessionState {
  /** The highest stream that the client has opened. */
  lastStreamId: number;
  /** No streams above it are taken any more. */
  isDraining: boolean;
  /** The client's first SETTINGS have come. */
  hasSettings: boolean;
  /** The clock in whole milliseconds, read once for all frames that were read together. */
  nowMs: number;
  /** Windows of new streams: to send, as the client says, and to receive, as we do. */
  windows: { readonly send: number; readonly receive: number };
}

/** Whether no stream of this number was opened; those of even number never are, by a client. */
export function isIdle(state: SessionState, id: number): boolean {
  return id > state.lastStreamId || (id & 1) === 0;
}

export interface ControlOptions {
  readonly keepaliveMinTimeMs: number;
}

export interface ControlDependencies {
  readonly output: Output;
  readonly sender: Sender;
  readonly streams: StreamTable;
  readonly guard: FloodGuard;
  readonly nowMs: () => number;
  /** A ping of ours came back. */
  readonly onPingAck: (payload: Buffer) => void;
}

/** The frames that carry no request: all but DATA, HEADERS and CONTINUATION. */
export class ControlFrames {
  readonly #dependencies: ControlDependencies;
  readonly #state: SessionState;
  readonly #output: Output;
  readonly #sender: Sender;
  readonly #streams: StreamTable;
  readonly #guard: FloodGuard;
  readonly #pings: PingPolicy;
  #framesSentAtPing = 0;

  constructor(options: ControlOptions, dependencies: ControlDependencies, state: SessionState) {
    this.#dependencies = dependencies;
    this.#state = state;
    this.#output = dependencies.output;
    this.#sender = dependencies.sender;
    this.#streams = dependencies.streams;
    this.#guard = dependencies.guard;
    this.#pings = new PingPolicy({ minTimeMs: options.keepaliveMinTimeMs });
  }

  /** GOAWAY: streams above `lastStreamId` are not served (§6.8). */
  sendGoAway(lastStreamId: number, code: ErrorCode, text: string): void {
    const debugData = Buffer.from(text, 'latin1');
    this.#output.frameHeader(8 + debugData.length, FrameType.goAway, 0, 0);
    this.#output.uint32(lastStreamId);
    this.#output.uint32(code);
    this.#output.append(debugData);
  }

  sendPing(payload: Buffer, flags: number): void {
    this.#output.frameHeader(8, FrameType.ping, flags, 0);
    this.#output.append(payload);
  }

  /**
   * A frame for a stream that was never opened (§5.1). It is borne with only if it may belong to one
   * that a draining connection did not take.
   */
  idleStream(id: number, frame: string): void {
    if (!this.#state.isDraining || id <= this.#state.lastStreamId) {
      throw protocolError(`${frame} on an idle stream`);
    }
    this.#guard.countIdleFrame();
  }

  /** Takes any other frame. Throws {@link ConnectionError}. */
  frame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case FrameType.windowUpdate:
        this.#windowUpdate(streamId, bytes, start, end);
        break;
      case FrameType.rstStream:
        this.#rstStream(streamId, end - start);
        break;
      case FrameType.ping:
        this.#ping(flags, streamId, bytes, start, end);
        break;
      case FrameType.settings:
        this.#settings(flags, streamId, bytes, start, end);
        break;
      case FrameType.priority:
        this.#priority(streamId, end - start);
        break;
      case FrameType.goAway:
        if (streamId !== 0) throw protocolError('GOAWAY on a stream');
        if (end - start < 8) throw frameSizeError('GOAWAY');
        this.#guard.countIdleFrame();
        break;
      case FrameType.pushPromise:
        throw protocolError('PUSH_PROMISE from a client');
      default:
        // Unknown frames are ignored (§4.1), within reason.
        this.#guard.countIdleFrame();
    }
  }

  /** PRIORITY (§6.3) means nothing any more, but must be well formed. */
  #priority(id: number, length: number): void {
    if (id === 0) throw protocolError('PRIORITY on stream 0');
    this.#guard.countIdleFrame();
    if (length !== 5) throw frameSizeError('PRIORITY');
  }

  /** RST_STREAM (§6.4). */
  #rstStream(id: number, length: number): void {
    if (id === 0) throw protocolError('RST_STREAM on stream 0');
    if (length !== 4) throw frameSizeError('RST_STREAM');
    if (isIdle(this.#state, id)) {
      this.idleStream(id, 'RST_STREAM');
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      this.#guard.countIdleFrame();
      return;
    }
    // Streams that are opened to be reset make work without an answer (CVE-2023-44487), and so do those
    // whose answers no window takes. A client that has waited in vain, for a slow disk maybe, has every
    // right to give up.
    const ageMs = this.#state.nowMs - stream.openedAtMs;
    const isAnswered = stream.isHeadSent && stream.queuedBytes === 0;
    if (!isAnswered && ageMs < RAPID_MS) this.#guard.countReset();
    this.#streams.abort(stream);
  }

  /** SETTINGS (§6.5). */
  #settings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    this.#guard.countSettings();
    if ((flags & Flag.ack) !== 0) {
      if (end !== start) throw frameSizeError('SETTINGS');
      if (!this.#state.hasSettings) throw protocolError('the first frame is no SETTINGS');
      return;
    }
    this.#state.hasSettings = true;
    const settings = readSettings(bytes, start, end);
    if (
      (settings.smallestHeaderTableSize ?? DEFAULT_HEADER_TABLE_BYTES) < DEFAULT_HEADER_TABLE_BYTES
    ) {
      this.#sender.giveUpTable();
    }
    if (settings.maxFrameSize !== undefined) this.#sender.setMaxFrameBytes(settings.maxFrameSize);
    if (settings.initialWindowSize !== undefined) this.#setSendWindow(settings.initialWindowSize);
    this.#output.frameHeader(0, FrameType.settings, Flag.ack, 0);
  }

  /** Another initial window changes that of every stream by the difference (§6.9.2). */
  #setSendWindow(windowBytes: number): void {
    const difference = windowBytes - this.#state.windows.send;
    if (difference === 0) return;
    this.#guard.countWindowChange(this.#streams.size);
    this.#state.windows = { ...this.#state.windows, send: windowBytes };
    for (const stream of this.#streams.all()) {
      if (!this.#sender.openStreamWindow(stream, difference)) {
        throw new ConnectionError(ErrorCode.flowControlError, 'a window beyond 2^31-1');
      }
    }
  }

  /** PING (§6.7). */
  #ping(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    if (end - start !== 8) throw frameSizeError('PING');
    this.#guard.countIdleFrame();
    const payload = bytes.subarray(start, end);
    if ((flags & Flag.ack) !== 0) {
      this.#dependencies.onPingAck(payload);
      return;
    }
    this.sendPing(payload, Flag.ack);
    const hasSent = this.#sender.framesSent > this.#framesSentAtPing;
    this.#framesSentAtPing = this.#sender.framesSent;
    const nowMs = this.#dependencies.nowMs();
    if (!this.#pings.allow(nowMs, this.#streams.size > 0, hasSent)) throw tooMuch('too_many_pings');
  }

  /** WINDOW_UPDATE (§6.9). */
  #windowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw frameSizeError('WINDOW_UPDATE');
    const increment = bytes.readUInt32BE(start) & 0x7fffffff;
    this.#guard.countIdleFrame();
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE of 0');
      if (!this.#sender.openConnectionWindow(increment)) {
        throw new ConnectionError(ErrorCode.flowControlError, 'a window beyond 2^31-1');
      }
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (isIdle(this.#state, id)) this.idleStream(id, 'WINDOW_UPDATE');
    } else if (increment === 0) {
      this.#streams.resetForFault(stream, ErrorCode.protocolError);
    } else if (!this.#sender.openStreamWindow(stream, increment)) {
      this.#streams.resetForFault(stream, ErrorCode.flowControlError);
    }
  }
}
