/**
 * Requests that bring a real etcd down (3.7.1 or 3.4.23, some of them at every later start as well), so
 * they are not compared but sent to the server under test alone, with the answer written out.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  KV,
  Maintenance,
  type RequestOp,
  type TxnResponse,
} from '../../../src/proto/generated/etcdserverpb.js';
import type { Init } from '../../../src/proto/wire.js';
import { EtcdClient } from '../../support/etcd-client.js';
import { GrpcError } from '../../support/grpc.js';
import { type Member, startMember } from '../../support/member.js';
import { encodeVarintField } from '../../support/wire.js';

const ZERO = Buffer.from([0]);

const deleteFrom = (key: string): Init<RequestOp> => ({
  requestDeleteRange: { key: Buffer.from(key), rangeEnd: ZERO },
});
const put = (key: string, value: string): Init<RequestOp> => ({
  requestPut: { key: Buffer.from(key), value: Buffer.from(value) },
});
const putIgnoringValue = (key: string): Init<RequestOp> => ({
  requestPut: { key: Buffer.from(key), ignoreValue: true },
});
const putIgnoringLease = (key: string): Init<RequestOp> => ({
  requestPut: { key: Buffer.from(key), value: Buffer.from('new'), ignoreLease: true },
});
const nested = (...success: Init<RequestOp>[]): Init<RequestOp> => ({ requestTxn: { success } });

async function start(context: TestContext): Promise<{ member: Member; client: EtcdClient }> {
  const member = await startMember(context);
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  return { member, client };
}

function transact(client: EtcdClient, ...success: Init<RequestOp>[]): Promise<TxnResponse> {
  return client.call(KV.methods.txn, { success });
}

function isKeyNotFound(error: unknown): boolean {
  assert.ok(error instanceof GrpcError);
  assert.equal(error.code, 3);
  assert.equal(error.details, 'etcdserver: key not found');
  return true;
}

test('a put with ignore_value or ignore_lease behind a from-key delete of its key is refused', async (context) => {
  const { member, client } = await start(context);
  await client.put('a', '1');
  const revision = await client.put('b', '2');

  const refused = [
    [deleteFrom('a'), putIgnoringValue('b')],
    [deleteFrom('b'), putIgnoringLease('b')],
    [nested(deleteFrom('a')), putIgnoringValue('b')],
    [deleteFrom('a'), nested(putIgnoringValue('a'))],
    [put('c', '3'), nested(nested(deleteFrom('b'))), nested(putIgnoringLease('b'))],
  ];
  for (const operations of refused) {
    await assert.rejects(transact(client, ...operations), isKeyNotFound);
  }

  const store = await client.range('');
  assert.equal(store.header?.revision, revision, 'nothing was applied');
  assert.deepEqual(
    store.kvs.map(({ key, value }) => `${key}=${value}`),
    ['a=1', 'b=2'],
  );
  await member.stop();
  await member.start();
});

test('a from-key delete stays allowed beside a plain put, and beside keys that it leaves alone', async (context) => {
  const { client } = await start(context);
  await client.put('a', '1');
  await client.put('b', '2');

  const beforeIt = await transact(client, deleteFrom('b'), putIgnoringValue('a'));
  assert.equal(beforeIt.succeeded, true);
  assert.equal((await client.get('a'))?.version, 2);
  assert.equal(await client.get('b'), undefined);

  const putFirst = await transact(client, putIgnoringLease('a'), deleteFrom('a'));
  assert.equal(putFirst.responses[1]?.responseDeleteRange?.deleted, 1);

  await client.put('b', '2');
  const plain = await transact(client, deleteFrom('a'), put('b', '3'));
  assert.equal(plain.responses[0]?.responseDeleteRange?.deleted, 1);
  assert.equal((await client.get('b'))?.value.toString(), '3');
});

test('a key deleted and put in one revision outlives a compaction at it, and a restart', async (context) => {
  const { member, client } = await start(context);
  await client.put('b', '1');
  const { header } = await transact(client, deleteFrom('a'), put('b', '2'));
  const revision = header?.revision ?? 0;
  await client.put('c', 'later');
  await client.call(KV.methods.compact, { revision, physical: true });
  assert.equal((await client.get('b'))?.value.toString(), '2');

  await member.kill();
  await member.start();
  const again = new EtcdClient(member.clientAddress);
  context.after(() => again.close());
  assert.equal((await again.get('b'))?.value.toString(), '2');
  assert.equal((await again.get('b'))?.createRevision, revision);
});

test('an alarm request with an unknown action is refused', async (context) => {
  const { client } = await start(context);
  const unknownAction = encodeVarintField(1, 9n);
  await assert.rejects(
    client.grpc.unary(Maintenance.methods.alarm.path, unknownAction),
    (error) => error instanceof GrpcError && error.code !== 14,
  );
  assert.equal(await client.put('a', '1'), 2, 'it serves on');
});

test('alarms of type NONE are neither raised nor lowered', async (context) => {
  const { client } = await start(context);
  for (const action of [1, 2] as const) {
    const { alarms } = await client.call(Maintenance.methods.alarm, { action, alarm: 0 });
    assert.deepEqual(alarms, []);
  }
  assert.equal(await client.put('a', '1'), 2);
});
