import type { RangeChunk, RangeReader } from '../mvcc/index.js';
import {
  KV,
  RangeRequest,
  RangeRequest_SortTarget as SortTarget,
} from '../proto/generated/etcdserverpb.js';
import {
  finishRange,
  type KvorumServer,
  type RangeResult,
  rangeOptionsOf,
} from '../server/index.js';
import type { RpcMethod, StreamCall, StreamReceiver } from '../transport/index.js';
import { rangeChunk } from './kv-responses.js';
import { checkRangeStreamRequest } from './kv-validation.js';
import type { ResponseHeaders } from './response-header.js';
import { toStreamError } from './rpc.js';

/**
 * Bytes of records in one chunk (etcd: what a request may have, 1.5 MB). What is held of a stream is a
 * chunk or two, and small ones are gone before the garbage collector takes them for lasting.
 */
const CHUNK_BYTES = 128 * 1024;

/** KV.RangeStream: a range in chunks, read as fast as the client takes them (A.3). */
export function rangeStreamMethod(server: KvorumServer, headers: ResponseHeaders): RpcMethod {
  return {
    kind: 'server',
    path: KV.methods.rangeStream.path,
    open: (call) => new RangeStreamCall(server, headers, call),
  };
}

class RangeStreamCall implements StreamReceiver {
  readonly #server: KvorumServer;
  readonly #headers: ResponseHeaders;
  readonly #call: StreamCall;
  #reader: RangeReader | undefined;
  #isClosed = false;
  #isWaitingForRoom = false;

  constructor(server: KvorumServer, headers: ResponseHeaders, call: StreamCall) {
    this.#server = server;
    this.#headers = headers;
    this.#call = call;
  }

  message(bytes: Buffer): void {
    this.#guarded(() => {
      const request = RangeRequest.decode(bytes);
      checkRangeStreamRequest(request);
      if (request.serializable) {
        this.#start(request);
        return;
      }
      this.#server.linearizableRead((error) => {
        if (this.#isClosed) return;
        if (error !== null) this.#call.end(toStreamError(error));
        else this.#guarded(() => this.#start(request));
      });
    });
  }

  halfClosed(): void {}

  drained(): void {
    if (!this.#isWaitingForRoom) return;
    this.#isWaitingForRoom = false;
    this.#next();
  }

  closed(): void {
    this.#isClosed = true;
    this.#reader?.close();
  }

  #start(request: RangeRequest): void {
    const { store } = this.#server;
    if (request.countOnly) {
      const { count, revision } = store.range(rangeOptionsOf(request));
      this.#call.write(rangeChunk(this.#headers, [], { revision, more: false, count }));
      this.#call.end(null);
      return;
    }
    if (request.sortTarget !== SortTarget.KEY) {
      this.#startSorted(request);
      return;
    }
    this.#reader = store.openRangeReader({
      ...rangeOptionsOf(request),
      limit: Math.max(request.limit, 0),
    });
    this.#next();
  }

  /**
   * A target without an order sorts (G.7) and is let through: the whole answer is made before its
   * first chunk leaves, so that the chunks together are what Range answers. (etcd sorts each chunk
   * for itself and goes on behind its last key; beyond ten keys that skips and repeats some.)
   */
  #startSorted(request: RangeRequest): void {
    this.#server.store.rangeSliced(rangeOptionsOf(request)).then(
      (read) => {
        if (this.#isClosed) return;
        this.#reader = new ResultReader(finishRange(request, read));
        this.#next();
      },
      (error: unknown) => {
        if (!this.#isClosed) this.#call.end(toStreamError(error));
      },
    );
  }

  /** One chunk a turn of the event loop, as long as the client keeps up. */
  #next(): void {
    if (this.#isClosed) return;
    this.#guarded(() => {
      const chunk = this.#reader?.next(CHUNK_BYTES);
      if (chunk === undefined) return;
      let hasRoom = true;
      if (chunk.records.length > 0 || chunk.end !== undefined) {
        const message = rangeChunk(this.#headers, chunk.records, chunk.end);
        hasRoom = this.#call.write(message);
      }
      if (chunk.end !== undefined) this.#call.end(null);
      else if (hasRoom) setImmediate(() => this.#next());
      else this.#isWaitingForRoom = true;
    });
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!this.#isClosed) this.#call.end(toStreamError(error));
    }
  }
}

/** Hands out a range that was read already in chunks. */
class ResultReader implements RangeReader {
  readonly #result: RangeResult;
  #position = 0;

  constructor(result: RangeResult) {
    this.#result = result;
  }

  next(maxBytes: number): RangeChunk {
    const { records, count, more, revision } = this.#result;
    const start = this.#position;
    let sizeBytes = 0;
    while (this.#position < records.length && (sizeBytes < maxBytes || this.#position === start)) {
      sizeBytes += records[this.#position]?.length ?? 0;
      this.#position++;
    }
    const end = this.#position < records.length ? undefined : { count, more, revision };
    return { records: records.slice(start, this.#position), sizeBytes, end };
  }

  close(): void {}
}
