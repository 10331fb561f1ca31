import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dice } from '../durability/support/dice.js';
import { Observer } from '../durability/support/observer.js';
import { EtcdClient } from '../support/etcd-client.js';
import { startMember } from '../support/member.js';
import { ApiserverLoad, type ApiserverLoadOptions } from './support/apiserver-load.js';

const isLong = process.env.KVORUM_TEST_LONG === '1';
const SEED = Number(process.env.KVORUM_TEST_SEED ?? Date.now() % 1_000_000);

const OPTIONS: ApiserverLoadOptions = isLong
  ? {
      objects: 10_000,
      operations: 20_000,
      workers: 32,
      eventTtlSeconds: 10,
      leaseReuseMs: 3000,
      wholeListPercent: 4,
      compactionIntervalMs: 3000,
    }
  : {
      objects: 1200,
      operations: 2500,
      workers: 16,
      eventTtlSeconds: 4,
      leaseReuseMs: 1000,
      wholeListPercent: 100,
      compactionIntervalMs: 1000,
    };

test(`an API server's load on ${OPTIONS.objects} objects: every answer and event is right`, async (context) => {
  context.diagnostic(`again with KVORUM_TEST_SEED=${SEED}`);
  const member = await startMember(context, { flags: ['--watch-progress-notify-interval=500ms'] });
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  const observer = new Observer();
  observer.resume(client);

  const mayCompact = (revision: number): Promise<void> => observer.reach(revision, 120_000);
  const options = { ...OPTIONS, mayCompact };
  const load = new ApiserverLoad(member.clientAddress, options, new Dice(SEED));
  await load.run();
  await load.waitForExpiry(60_000);
  await load.finish();

  const { header } = await client.range('/registry/nothing');
  await observer.reach(header?.revision ?? 0);
  observer.stop();
  context.diagnostic(`${load.ledger.size}; ${JSON.stringify(load.counts)}`);
  load.ledger.verify(observer.history);
  assert.ok(member.isRunning);
});
