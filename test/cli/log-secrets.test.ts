/** Whoever reads a member's log learns nothing of what its clients keep in it, or who they are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Auth, KV, Lease, Watch } from '../../src/proto/generated/etcdserverpb.js';
import { runCommand } from '../support/command.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { GrpcError } from '../support/grpc.js';
import { startMember } from '../support/member.js';
import { requireOwnEtcdctl } from './tls-client.js';

const SECRET = 'nobody-should-see';

/** All that logs at all: every level, every request as a slow one, each entry too. */
const TALKATIVE = [
  '--log-level=debug',
  '--warning-unary-request-duration=1ns',
  '--warning-apply-duration=1ns',
  '--auth-token=simple',
];

test('passwords, tokens, keys and values are not in the log, at any level', async (t) => {
  const logFile = join(temporaryFolder(t), 'log');
  const flags = [...TALKATIVE, `--log-outputs=stderr,${logFile}`];
  const member = await startMember(t, { flags });
  const client = new EtcdClient(member.clientAddress);
  t.after(() => client.close());
  const bytes = Buffer.from(SECRET);
  const metadata = { token: SECRET, authorization: `Bearer ${SECRET}` };
  await client.put(SECRET, SECRET, { metadata });
  await client.get(SECRET, { metadata });
  const failure = { requestPut: { key: bytes, value: bytes } };
  await client.call(KV.methods.txn, { failure: [failure] });
  await client.call(Lease.methods.leaseLeases, {}, { metadata });
  const { methods } = Auth;
  for (const attempt of [
    () => client.call(methods.authenticate, { name: SECRET, password: SECRET }),
    () => client.call(methods.userAdd, { name: SECRET, password: SECRET }),
    () => client.call(methods.userChangePassword, { name: SECRET, password: SECRET }),
    () => client.call(KV.methods.put, { key: bytes, value: bytes, lease: 123n }),
    () => client.grpc.unary(`/no.Service/${SECRET}`, bytes, { metadata }),
    () => client.grpc.unary(KV.methods.put.path, bytes, { metadata }),
    () => fetch(`${member.clientUrl}/health?${SECRET}`, { headers: { authorization: SECRET } }),
    () => fetch(`${member.clientUrl}/${SECRET}`, { method: 'POST', body: SECRET }),
  ]) {
    // That some are refused is no matter here.
    await attempt().catch((error: unknown) => assert.ok(error instanceof GrpcError, `${error}`));
  }
  const watch = client.grpc.bidirectional(Watch.methods.watch.path, { metadata });
  watch.send(Watch.methods.watch.request.encode({ createRequest: { key: bytes } }));
  const args = ['get', SECRET, `--user=someone:${SECRET}`, `--endpoints=${member.clientUrl}`];
  await runCommand(requireOwnEtcdctl(), args);
  await member.stop();
  const lines = readFileSync(logFile, 'utf8').split('\n');
  assert.deepEqual(
    lines.filter((line) => line.includes(SECRET) || line.includes(bytes.toString('base64'))),
    [],
  );
  assert.ok(lines.some((line) => line.includes('request stats')));
});
