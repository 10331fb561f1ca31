/**
 * Replays what etcdctl 3.7.1 printed (test/data/golden/etcdctl-3.7.1.json) with our etcdctl, against
 * our own server or, with KVORUM_ETCD_BINARY, against any `etcd` program.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { replaySequence } from './golden-replay.js';
import { startMember } from './member.js';

function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const golden = JSON.parse(
  readFileSync(join(repositoryRoot(), 'test/data/golden/etcdctl-3.7.1.json'), 'utf8'),
);

test('etcdctl prints what etcdctl 3.7.1 printed', { timeout: 120_000 }, async (t) => {
  const member = await startMember(golden.flags);
  if (member === undefined) return t.skip('no server to run against: set KVORUM_ETCD_BINARY');
  t.after(() => member.stop());
  const { compared, differences, missing } = await replaySequence(golden, member.clientUrl);
  const lacks = missing.length === 0 ? 'nothing' : missing.join(', ');
  t.diagnostic(`${compared} entries compared; the server lacks ${lacks}`);
  assert.deepEqual(differences, []);
});
