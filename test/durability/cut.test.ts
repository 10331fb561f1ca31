/** Starts from a log that was cut. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import type { Member } from '../support/member.js';
import { memberOn } from './support/members.js';

/** More than may be committed and not applied before requests are refused (G.50). */
const WRITES = 5200;
const CUT_AT_EVERY_CHANCE = ['--snapshot-count=1', '--snapshot-catchup-entries=1'];

test('a log that was cut at its very last entry is started from', async (context) => {
  const folder = join(temporaryFolder(context), 'data');
  const filled = await memberOn(context, folder);
  await filled.start();
  await fill(filled);
  await filled.stop();

  const member = await memberOn(context, folder, CUT_AT_EVERY_CHANCE);
  await member.start();
  const revision = await writeUntilCutAtTheEnd(member);
  await member.kill();
  await member.start();
  const client = new EtcdClient(member.clientAddress);
  assert.equal(await client.put('after', 'the cut'), revision + 1);
  client.close();
  // Before its folder goes.
  await member.kill();
});

async function fill(member: Member): Promise<void> {
  const client = new EtcdClient(member.clientAddress);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next++ < WRITES) await client.put(`key/${next % 10}`, 'value');
  };
  await Promise.all(Array.from({ length: 64 }, work));
  client.close();
}

/** Writes until nothing comes behind the newest cut; resolves to the revision there. */
async function writeUntilCutAtTheEnd(member: Member): Promise<number> {
  const client = new EtcdClient(member.clientAddress);
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const revision = await client.put('key/0', `attempt ${attempt}`);
      await delay(50);
      const { raftIndex } = await client.call(Maintenance.methods.status, {});
      if (member.output.includes(`"snapshot-index":${raftIndex}}`)) return revision;
    }
    throw new Error('the log was never cut at its end');
  } finally {
    client.close();
  }
}
