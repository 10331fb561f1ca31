import type { RangeReader } from '../mvcc/index.js';
import { KV, RangeRequest } from '../proto/generated/etcdserverpb.js';
import { type KvorumServer, rangeOptionsOf } from '../server/index.js';
import type { RpcMethod, StreamCall, StreamReceiver } from '../transport/index.js';
import { encodeRangeChunk } from './kv-responses.js';
import { checkRangeStreamRequest } from './kv-validation.js';
import type { ResponseHeaders } from './response-header.js';
import { toStreamError } from './rpc.js';

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
      this.#call.write(encodeRangeChunk(this.#headers, [], { revision, more: false, count }));
      this.#call.end(null);
      return;
    }
    this.#reader = store.openRangeReader({
      ...rangeOptionsOf(request),
      limit: Math.max(request.limit, 0),
    });
    this.#next();
  }

  /** One chunk a turn of the event loop, as long as the client keeps up. */
  #next(): void {
    if (this.#isClosed) return;
    this.#guarded(() => {
      const chunk = this.#reader?.next(this.#server.options.maxRequestBytes);
      if (chunk === undefined) return;
      let hasRoom = true;
      if (chunk.records.length > 0 || chunk.end !== undefined) {
        const message = encodeRangeChunk(this.#headers, chunk.records, chunk.end);
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
