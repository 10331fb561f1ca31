import {
  KV,
  type RangeResponse,
  Watch,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
} from '../../src/proto/generated/etcdserverpb.js';
import type { Event, KeyValue } from '../../src/proto/generated/mvccpb.js';
import type { Init } from '../../src/proto/wire.js';
import { type BidirectionalStream, type GrpcCallOptions, GrpcClient } from './grpc.js';

/** The generated description of a method, e.g. `KV.methods.put`. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly request: { encode(message: Init<Request>): Buffer };
  readonly response: { decode(bytes: Uint8Array): Response };
}

/**
 * A typed client of one member: any generated method by `call`, and short forms of what tests do most.
 *
 *     const client = new EtcdClient(member.clientAddress);
 *     await client.put('a', '1');
 *     await client.call(Lease.methods.leaseGrant, { ttl: 60, id: 7n });
 */
export class EtcdClient {
  /** The same connection, for requests that no codec would produce. */
  readonly grpc: GrpcClient;

  constructor(address: string) {
    this.grpc = new GrpcClient(address);
  }

  /** A unary call. Throws `GrpcError`. */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: NoInfer<Init<Request>>,
    options: GrpcCallOptions = {},
  ): Promise<Response> {
    const response = await this.grpc.unary(method.path, method.request.encode(request), options);
    return method.response.decode(response);
  }

  /** All messages of a server stream. Throws `GrpcError`. */
  async collect<Request, Response>(
    method: Method<Request, Response>,
    request: NoInfer<Init<Request>>,
    options: GrpcCallOptions = {},
  ): Promise<Response[]> {
    const messages = await this.grpc.collect(method.path, method.request.encode(request), options);
    return messages.map((message) => method.response.decode(message));
  }

  /** Puts and returns the revision of the write. */
  async put(key: string, value: string, options: GrpcCallOptions = {}): Promise<number> {
    const request = { key: Buffer.from(key), value: Buffer.from(value) };
    const response = await this.call(KV.methods.put, request, options);
    return response.header?.revision ?? 0;
  }

  /** The current state of one key, read linearizably; undefined when it is absent. */
  async get(key: string, options: GrpcCallOptions = {}): Promise<KeyValue | undefined> {
    const response = await this.call(KV.methods.range, { key: Buffer.from(key) }, options);
    return response.kvs[0];
  }

  /** Everything stored under a prefix, in key order; '' means the whole store. */
  range(prefix: string, options: GrpcCallOptions = {}): Promise<RangeResponse> {
    const request = {
      key: prefix === '' ? ZERO : Buffer.from(prefix),
      rangeEnd: prefixEnd(prefix),
    };
    return this.call(KV.methods.range, request, options);
  }

  /** Deletes one key and returns how many there were. */
  async delete(key: string, options: GrpcCallOptions = {}): Promise<number> {
    const response = await this.call(KV.methods.deleteRange, { key: Buffer.from(key) }, options);
    return response.deleted;
  }

  /** Opens a watch stream; with `create`, its first watch too. */
  watch(create?: Init<WatchCreateRequest>, options: GrpcCallOptions = {}): WatchStream {
    const stream = new WatchStream(this.grpc.bidirectional(Watch.methods.watch.path, options));
    if (create !== undefined) stream.send({ createRequest: create });
    return stream;
  }

  close(): void {
    this.grpc.close();
  }
}

/** A watch stream whose responses are kept, decoded, until somebody looks at them. */
export class WatchStream {
  /** The stream below, for its ending, half-close and cancel. */
  readonly stream: BidirectionalStream;
  private readonly decoded: WatchResponse[] = [];

  constructor(stream: BidirectionalStream) {
    this.stream = stream;
  }

  send(request: Init<WatchRequest>): void {
    this.stream.send(Watch.methods.watch.request.encode(request));
  }

  /** Every response so far, in order. */
  get responses(): readonly WatchResponse[] {
    for (const message of this.stream.received.slice(this.decoded.length)) {
      this.decoded.push(Watch.methods.watch.response.decode(message));
    }
    return this.decoded;
  }

  /** Every event so far, in order, of all watches of the stream. */
  get events(): Event[] {
    return this.responses.flatMap((response) => response.events);
  }

  /** Waits for `condition`; throws with what had come when the time is over or the stream ends. */
  async waitFor(
    what: string,
    condition: (stream: WatchStream) => boolean,
    timeoutMs = 10_000,
  ): Promise<void> {
    if (await this.stream.until(() => condition(this), timeoutMs)) return;
    const ending = this.stream.ending?.message ?? 'still open';
    throw new Error(
      `no ${what} within ${timeoutMs} ms; ${this.responses.length} responses, ${ending}`,
    );
  }

  /** Waits until `count` events have come and returns them. */
  async waitForEvents(count: number, timeoutMs = 10_000): Promise<Event[]> {
    await this.waitFor(`${count} events`, (stream) => stream.events.length >= count, timeoutMs);
    return this.events;
  }

  cancel(): void {
    this.stream.cancel();
  }
}

const ZERO = Buffer.from([0]);

/** The end of the range of all keys that begin with `prefix`: etcd's convention, `\0` for no end. */
export function prefixEnd(prefix: string | Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last--) {
    const byte = end[last] ?? 0xff;
    if (byte < 0xff) {
      end[last] = byte + 1;
      return end.subarray(0, last + 1);
    }
  }
  return ZERO;
}
