import {
  type Compare as CompareMessage,
  KV,
  type RangeResponse,
  type TxnResponse,
} from '../../../src/proto/generated/etcdserverpb.js';
import type { KeyValue } from '../../../src/proto/generated/mvccpb.js';
import type { Init } from '../../../src/proto/wire.js';
import type { EtcdClient } from '../../support/etcd-client.js';
import type { Answer, Compare, Request, StoredValue, Write } from './operations.js';

const COMPARE_EQUAL = 0;
const COMPARE_VERSION = 0;
const COMPARE_VALUE = 3;

/** Sends a request as the simplest RPC that says it. Throws `GrpcError`. */
export async function send(
  client: EtcdClient,
  request: Request,
  timeoutMs: number,
): Promise<Answer> {
  const { compares, writes, reads, isSerializable } = request;
  const [write] = writes;
  const [key] = reads;
  if (writes.length === 1 && compares.length === 0 && write?.value !== undefined) {
    const put = { key: Buffer.from(write.key), value: Buffer.from(write.value) };
    const { header } = await client.call(KV.methods.put, put, { timeoutMs });
    return { revision: header?.revision ?? 0, succeeded: true, read: new Map() };
  }
  if (writes.length === 0 && reads.length === 1 && key !== undefined) {
    const range = { key: Buffer.from(key), serializable: isSerializable };
    const response = await client.call(KV.methods.range, range, { timeoutMs });
    return {
      revision: response.header?.revision ?? 0,
      succeeded: true,
      read: new Map([[key, storedValue(response.kvs[0])]]),
    };
  }
  const read = (of: string) => ({
    requestRange: { key: Buffer.from(of), serializable: isSerializable },
  });
  const comparedKeys = compares.map((compare) => compare.key);
  const txn = {
    compare: compares.map(compareMessage),
    success: writes.length > 0 ? writes.map(writeMessage) : reads.map(read),
    failure: comparedKeys.map(read),
  };
  const response = await client.call(KV.methods.txn, txn, { timeoutMs });
  return txnAnswer(response, response.succeeded ? (writes.length > 0 ? [] : reads) : comparedKeys);
}

function txnAnswer(response: TxnResponse, keys: readonly string[]): Answer {
  const ranges: (RangeResponse | undefined)[] = response.responses.map(
    ({ responseRange }) => responseRange,
  );
  return {
    revision: response.header?.revision ?? 0,
    succeeded: response.succeeded,
    read: new Map(keys.map((key, index) => [key, storedValue(ranges[index]?.kvs[0])])),
  };
}

function compareMessage({ key, value }: Compare): Init<CompareMessage> {
  const result = COMPARE_EQUAL;
  return value === undefined
    ? { key: Buffer.from(key), result, target: COMPARE_VERSION, version: 0 }
    : { key: Buffer.from(key), result, target: COMPARE_VALUE, value: Buffer.from(value) };
}

function writeMessage({ key, value }: Write) {
  return value === undefined
    ? { requestDeleteRange: { key: Buffer.from(key) } }
    : { requestPut: { key: Buffer.from(key), value: Buffer.from(value) } };
}

function storedValue(kv: KeyValue | undefined): StoredValue | undefined {
  if (kv === undefined) return undefined;
  const { value, createRevision, modRevision, version } = kv;
  return { value: value.toString(), createRevision, modRevision, version };
}
