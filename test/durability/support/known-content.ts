import assert from 'node:assert/strict';
import { KV } from '../../../src/proto/generated/etcdserverpb.js';
import { EtcdClient } from '../../support/etcd-client.js';
import type { Member } from '../../support/member.js';
import type { Dice } from './dice.js';
import { groupByRevision } from './history.js';
import { tokenOf, valueBytes } from './operations.js';

const EVERYTHING = Buffer.from([0]);
const KEYS = 40;

/** One acknowledged write: the put that made revision `number + 1`. */
export interface KnownWrite {
  readonly number: number;
  readonly key: string;
  readonly token: string;
  readonly sizeBytes: number;
}

/** Writes one after the other, so that entry, revision and number go together. */
export async function writeKnownContent(
  address: string,
  count: number,
  dice: Dice,
): Promise<KnownWrite[]> {
  const client = new EtcdClient(address);
  const writes: KnownWrite[] = [];
  try {
    for (let number = 1; number <= count; number++) {
      const token = `write-${number}.`;
      const sizeBytes = dice.chance(20) ? dice.between(1000, 9000) : dice.between(20, 400);
      const value = valueBytes(token, sizeBytes);
      const key = `key/${dice.below(KEYS)}`;
      const { header } = await client.call(KV.methods.put, { key: Buffer.from(key), value });
      assert.equal(header?.revision, number + 1);
      writes.push({ number, key, token, sizeBytes: value.length });
    }
  } finally {
    client.close();
  }
  return writes;
}

/**
 * Verifies that a member holds exactly the first writes, as many as its revision says, in its state
 * and in its history. Resolves to how many they are.
 */
export async function countKnownContent(
  member: Member,
  writes: readonly KnownWrite[],
): Promise<number> {
  const client = new EtcdClient(member.clientAddress);
  try {
    const range = { key: EVERYTHING, rangeEnd: EVERYTHING };
    const { header, kvs } = await client.call(KV.methods.range, range);
    const count = (header?.revision ?? 0) - 1;
    assert.ok(count <= writes.length, `the store is at revision ${count + 1}`);
    const latest = new Map(writes.slice(0, count).map((write) => [write.key, write]));
    assert.equal(kvs.length, latest.size, 'number of keys');
    for (const kv of kvs) {
      const write = latest.get(kv.key.toString());
      assert.equal(tokenOf(kv.value), write?.token);
      assert.equal(kv.value.length, write?.sizeBytes);
      assert.equal(kv.modRevision, (write?.number ?? 0) + 1);
    }
    await verifyHistory(client, writes.slice(0, count));
    return count;
  } finally {
    client.close();
  }
}

async function verifyHistory(client: EtcdClient, writes: readonly KnownWrite[]): Promise<void> {
  if (writes.length === 0) return;
  const watch = client.watch({ key: EVERYTHING, rangeEnd: EVERYTHING, startRevision: 1 });
  const isThere = (): boolean => watch.events.length >= writes.length;
  await watch.stream.until(isThere, 20_000);
  watch.cancel();
  const revisions = groupByRevision(watch.events);
  assert.deepEqual(
    revisions.map(({ revision, changes }) => [revision, changes.length, changes[0]?.stored?.token]),
    writes.map(({ number, token }) => [number + 1, 1, token]),
  );
}
