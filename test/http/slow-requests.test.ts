import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdClient } from '../support/etcd-client.js';
import { startMember } from '../support/member.js';

type Line = Record<string, unknown>;

test('slow requests and slow entries are logged, without what they carry', async (context) => {
  const member = await startMember(context, {
    flags: ['--warning-unary-request-duration=1µs', '--warning-apply-duration=1ns'],
  });
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  await client.put('a-key-nobody-should-see', 'a-value-nobody-should-see');
  await member.stop();
  assert.ok(!member.output.includes('nobody-should-see'));
  const lines = member.output.split('\n').map((line) => JSON.parse(line) as Line);
  const request = lines.find(({ msg }) => msg === 'request stats');
  assert.equal(request?.level, 'warn');
  assert.equal(request?.['response type'], '/etcdserverpb.KV/Put');
  assert.match(String(request?.['time spent']), /^[\d.]+ms$/);
  const entry = lines.find(
    ({ msg, request: kind }) => msg === 'apply request took too long' && kind === 'Put',
  );
  assert.equal(entry?.level, 'warn');
  assert.match(String(entry?.took), /^[\d.]+ms$/);
});

test('requests within the limit are not worth a line', async (context) => {
  const member = await startMember(context);
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  await client.put('key', 'value');
  await member.stop();
  assert.ok(!member.output.includes('request stats'));
});
