/**
 * Bounds on what a client may make the server do or keep. The defaults are far from anything that
 * etcd's clients do.
 */
export interface Http2Limits {
  /** Largest list of request headers, counted as in RFC 9113 §6.5.2. */
  readonly maxHeaderListBytes: number;
  /** Most CONTINUATION frames of one header block. */
  readonly maxContinuationFrames: number;
  /** Memory for the open streams of a connection, their headers above all; past it new ones are refused. */
  readonly maxOpenStreamBytes: number;
  /** Window of each request body: how much a client may send ahead on one stream. */
  readonly streamReceiveWindowBytes: number;
  /** The same for all streams of a connection together. */
  readonly connectionReceiveWindowBytes: number;
  /** Parts of incomplete messages kept for one connection; past it new ones are refused. */
  readonly maxPartialMessageBytes: number;
  /** Response bytes that wait for a client's windows; past it new streams are refused. */
  readonly maxQueuedResponseBytes: number;
  /** A handler of a stream is asked to wait while this much of its output is queued. */
  readonly streamQueueBytes: number;
  /** Streams reset before they were answered: so many at once, and then so many per second. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Frames that carry nothing (PRIORITY, unknown, empty DATA, spare WINDOW_UPDATE and so on). */
  readonly idleFrameBurst: number;
  readonly idleFramesPerSecond: number;
  /** Bytes that compressed messages of a connection may unpack to: a few become very many. */
  readonly unpackedBurstBytes: number;
  readonly unpackedBytesPerSecond: number;
  readonly settingsBurst: number;
  readonly settingsPerSecond: number;
  /** From the first byte to the client's preface and SETTINGS. */
  readonly prefaceTimeoutMs: number;
  /** A connection whose output makes no way for this long is closed. */
  readonly stalledWriteTimeoutMs: number;
  /** A connection without streams is sent away after this; 0: never, as etcd. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxHeaderListBytes: 64 * 1024,
  maxContinuationFrames: 16,
  maxOpenStreamBytes: 256 * 1024 * 1024,
  streamReceiveWindowBytes: 1024 * 1024,
  connectionReceiveWindowBytes: 4 * 1024 * 1024,
  maxPartialMessageBytes: 64 * 1024 * 1024,
  maxQueuedResponseBytes: 256 * 1024 * 1024,
  streamQueueBytes: 64 * 1024,
  resetBurst: 1000,
  resetsPerSecond: 100,
  idleFrameBurst: 10_000,
  idleFramesPerSecond: 1000,
  unpackedBurstBytes: 16 * 1024 * 1024,
  unpackedBytesPerSecond: 32 * 1024 * 1024,
  settingsBurst: 100,
  settingsPerSecond: 10,
  prefaceTimeoutMs: 20_000,
  stalledWriteTimeoutMs: 60_000,
  idleTimeoutMs: 0,
};
