import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lease } from '../../src/proto/generated/etcdserverpb.js';
import { EtcdClient, prefixEnd } from './etcd-client.js';
import { GrpcError } from './grpc.js';
import { startMember } from './member.js';
import { oracleServer } from './programs.js';
import { encodeBytesField, encodeVarintField, parseFields } from './wire.js';

test('a member is started, killed, started again with its data, and stopped', async (context) => {
  const program = oracleServer();
  if (program === undefined) return context.skip('no etcd is on PATH (Debian package etcd-server)');
  const member = await startMember(context, { program });
  const first = new EtcdClient(member.clientAddress);
  assert.equal(await first.put('a', '1'), 2);
  first.close();

  assert.equal((await member.kill()).signal, 'SIGKILL');
  assert.equal(member.pid, undefined);

  await member.start();
  const second = new EtcdClient(member.clientAddress);
  assert.equal((await second.get('a'))?.value.toString(), '1');
  second.close();
  assert.equal((await member.stop()).signal, 'SIGTERM');
});

test('the client makes typed calls, shows errors with code and text, and watches', async (context) => {
  const program = oracleServer();
  if (program === undefined) return context.skip('no etcd is on PATH (Debian package etcd-server)');
  const member = await startMember(context, { program });
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());

  const watch = client.watch({ key: Buffer.from('w'), rangeEnd: prefixEnd('w') });
  await watch.waitFor('created', ({ responses }) => responses[0]?.created === true);
  await client.put('w1', 'x');
  const [event] = await watch.waitForEvents(1);
  assert.equal(event?.kv?.key.toString(), 'w1');
  watch.cancel();

  const revoke = client.call(Lease.methods.leaseRevoke, { id: 7n });
  await assert.rejects(revoke, (error) => {
    assert.ok(error instanceof GrpcError);
    assert.equal(error.code, 5);
    assert.equal(error.details, 'etcdserver: requested lease not found');
    return true;
  });
});

test('a program that ends at once is reported with its output', async (context) => {
  const program = oracleServer();
  if (program === undefined) return context.skip('no etcd is on PATH (Debian package etcd-server)');
  const start = startMember(context, { program, flags: ['--no-such-flag'] });
  await assert.rejects(start, /flag provided but not defined/);
});

test('the end of a prefix is its next sibling, or no end', () => {
  assert.deepEqual(prefixEnd('ab'), Buffer.from('ac'));
  assert.deepEqual(prefixEnd(Buffer.from([1, 0xff])), Buffer.from([2]));
  assert.deepEqual(prefixEnd(Buffer.from([0xff])), Buffer.from([0]));
  assert.deepEqual(prefixEnd(''), Buffer.from([0]));
});

test('fields survive the way through bytes, and broken bytes are refused', () => {
  const message = Buffer.concat([
    encodeVarintField(3, -1n),
    encodeBytesField(11, Buffer.from('event')),
  ]);
  const [first, second] = parseFields(message);
  assert.equal(first?.number, 3);
  assert.equal(first?.value, 2n ** 64n - 1n);
  assert.equal(second?.number, 11);
  assert.equal(second?.bytes.toString(), 'event');
  for (let size = 1; size < message.length; size++) {
    if (size !== first?.raw.length) assert.throws(() => parseFields(message.subarray(0, size)));
  }
});
