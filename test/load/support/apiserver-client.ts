/**
 * The calls that a Kubernetes API server makes, and no others (clients-and-behaviour.md §A.2; the
 * numbers in the comments are those of its table). Each method is one call with the exact shape of
 * its request; what an answer means is for the caller.
 */
import {
  Compare_CompareResult as CompareResult,
  Compare_CompareTarget as CompareTarget,
  KV,
  Lease,
  Maintenance,
  type RangeRequest,
  type RangeResponse,
  type RangeStreamResponse,
  type StatusResponse,
  type TxnResponse,
} from '../../../src/proto/generated/etcdserverpb.js';
import type { KeyValue } from '../../../src/proto/generated/mvccpb.js';
import type { Init } from '../../../src/proto/wire.js';
import { type EtcdClient, prefixEnd, type WatchStream } from '../../support/etcd-client.js';

/** What every call of Go's client carries. */
const METADATA = { 'client-api-version': '3.7' };
const WATCH_METADATA = { ...METADATA, hasleader: 'true' };
const COMPACT_KEY = 'compact_rev_key';
/** The page of a watch that begins with a list. */
const SYNC_PAGE_KEYS = 10_000;
const TIMEOUT_MS = 120_000;

/** The answer to a conditional write. */
export interface ConditionalWrite {
  readonly succeeded: boolean;
  /** The header's revision: of the write, or of the moment of the refusal. */
  readonly revision: number;
  /** What stands there instead, if the write was refused and asked for it. */
  readonly current: KeyValue | undefined;
}

/** One connection of an API server. */
export class ApiserverClient {
  private readonly client: EtcdClient;

  constructor(client: EtcdClient) {
    this.client = client;
  }

  /** 1: one object, now or at a revision. */
  get(key: string, revision = 0): Promise<RangeResponse> {
    return this.range({ key: Buffer.from(key), limit: 1, revision });
  }

  /** 2: the current revision, by asking for a key that is usually absent. */
  async currentRevision(resource: string): Promise<number> {
    const { header } = await this.get(resource);
    return header?.revision ?? 0;
  }

  /** 3: one page of a list, from the prefix or behind the last key of the page before. */
  listPage(
    prefix: string,
    page: { limit: number; after?: string; revision: number },
  ): Promise<RangeResponse> {
    const { limit, after, revision } = page;
    const key = Buffer.from(after === undefined ? prefix : `${after}\0`);
    return this.range({ key, rangeEnd: prefixEnd(prefix), limit, revision });
  }

  /** 4: one page of the list with which a watch begins. */
  syncPage(prefix: string, page: { after?: string; revision: number }): Promise<RangeResponse> {
    return this.listPage(prefix, { limit: SYNC_PAGE_KEYS, ...page });
  }

  /** 5: a list as a stream; the chunks as they came. */
  rangeStream(
    prefix: string,
    { revision = 0, limit = 0 }: { revision?: number; limit?: number } = {},
  ): Promise<RangeStreamResponse[]> {
    const request = { key: Buffer.from(prefix), rangeEnd: prefixEnd(prefix), revision, limit };
    const options = { metadata: METADATA, timeoutMs: TIMEOUT_MS };
    return this.client.collect(KV.methods.rangeStream, request, options);
  }

  /** 6: how many objects there are. */
  count(prefix: string): Promise<RangeResponse> {
    return this.range({ ...prefixRange(prefix), countOnly: true });
  }

  /** 7: the keys alone. */
  keys(prefix: string): Promise<RangeResponse> {
    return this.range({ ...prefixRange(prefix), keysOnly: true });
  }

  /** 8: the probe of /livez and /readyz. */
  health(): Promise<RangeResponse> {
    return this.range({ key: Buffer.from('/registry/health') });
  }

  /** 9: creates an object unless it is there. */
  async create(key: string, value: Buffer, lease = 0n): Promise<ConditionalWrite> {
    const name = Buffer.from(key);
    return written(await this.txn(name, 0, { requestPut: { key: name, value, lease } }, false));
  }

  /** 10: replaces an object if it is still the one with this mod revision. */
  async update(
    key: string,
    modRevision: number,
    value: Buffer,
    lease = 0n,
  ): Promise<ConditionalWrite> {
    const name = Buffer.from(key);
    const put = { requestPut: { key: name, value, lease } };
    return written(await this.txn(name, modRevision, put, true));
  }

  /** 11: deletes an object if it is still the one with this mod revision. */
  async delete(key: string, modRevision: number): Promise<ConditionalWrite> {
    const name = Buffer.from(key);
    return written(await this.txn(name, modRevision, { requestDeleteRange: { key: name } }, true));
  }

  /** 12: claims the next compaction if nobody else has since version `version` of its key. */
  async claimCompaction(version: number, revision: number): Promise<ConditionalWrite> {
    const key = Buffer.from(COMPACT_KEY);
    const response = await this.client.call(
      KV.methods.txn,
      {
        compare: [{ ...equal(key), target: CompareTarget.VERSION, version }],
        success: [{ requestPut: { key, value: Buffer.from(String(revision)) } }],
        failure: [{ requestRange: { key } }],
      },
      this.options,
    );
    return written(response);
  }

  /** 13: compacts. */
  async compact(revision: number): Promise<void> {
    await this.client.call(KV.methods.compact, { revision }, this.options);
  }

  /** 14: watches the key by which servers tell each other of compactions. */
  async watchCompactions(): Promise<WatchStream> {
    const { header } = await this.range({ key: Buffer.from(COMPACT_KEY) });
    const startRevision = header?.revision ?? 0;
    const create = { key: Buffer.from(COMPACT_KEY), startRevision };
    return this.client.watch(create, { metadata: METADATA });
  }

  /**
   * 15: watches a resource from a revision on. 16 and 17 are `requestProgress` and `cancelWatch`. A
   * watch cache wants progress notifications, a client's own watch does not.
   */
  watch(prefix: string, startRevision: number, progressNotify: boolean): WatchStream {
    const create = { ...prefixRange(prefix), startRevision, prevKv: true, progressNotify };
    return this.client.watch(create, { metadata: WATCH_METADATA });
  }

  /** 16: asks a watch stream how far it has come. */
  requestProgress(stream: WatchStream): void {
    stream.send({ progressRequest: {} });
  }

  /** 17: ends the one watch of a stream. */
  cancelWatch(stream: WatchStream): void {
    stream.send({ cancelRequest: { watchId: 0n } });
  }

  /** 18: a lease for events; it is never kept alive nor revoked. */
  async grantLease(ttlSeconds: number): Promise<bigint> {
    const request = { ttl: ttlSeconds };
    const { id } = await this.client.call(Lease.methods.leaseGrant, request, this.options);
    return id;
  }

  /** 19: version and size. */
  status(): Promise<StatusResponse> {
    return this.client.call(Maintenance.methods.status, {}, this.options);
  }

  private get options() {
    return { metadata: METADATA, timeoutMs: TIMEOUT_MS };
  }

  private range(request: Init<RangeRequest>): Promise<RangeResponse> {
    return this.client.call(KV.methods.range, request, this.options);
  }

  private txn(
    key: Buffer,
    modRevision: number,
    write: object,
    readsOnFailure: boolean,
  ): Promise<TxnResponse> {
    return this.client.call(
      KV.methods.txn,
      {
        compare: [{ ...equal(key), target: CompareTarget.MOD, modRevision }],
        success: [write],
        failure: readsOnFailure ? [{ requestRange: { key } }] : [],
      },
      this.options,
    );
  }
}

const equal = (key: Buffer) => ({ key, result: CompareResult.EQUAL });

function prefixRange(prefix: string) {
  return { key: Buffer.from(prefix), rangeEnd: prefixEnd(prefix) };
}

function written({ succeeded, header, responses }: TxnResponse): ConditionalWrite {
  const current = succeeded ? undefined : responses[0]?.responseRange?.kvs[0];
  return { succeeded, revision: header?.revision ?? 0, current };
}

/** The answer that the chunks of a stream stand for: lists joined, the rest from the last one. */
export function mergeChunks(chunks: readonly RangeStreamResponse[]): RangeResponse {
  const last = chunks.at(-1)?.rangeResponse;
  if (last?.header === undefined) throw new Error('the last chunk of a stream has no header');
  for (const { rangeResponse } of chunks.slice(0, -1)) {
    const { header, more, count } = rangeResponse ?? {};
    if (header !== undefined || more === true || (count ?? 0) !== 0) {
      throw new Error('a chunk that is not the last one says more than keys');
    }
  }
  return { ...last, kvs: chunks.flatMap(({ rangeResponse }) => rangeResponse?.kvs ?? []) };
}
