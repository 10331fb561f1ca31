/** The same history in this room and in a real etcd: every hash of every revision must be equal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { MvccStore } from '../../src/mvcc/index.js';
import { KV, Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { EtcdClient } from '../support/etcd-client.js';
import { startMember } from '../support/member.js';
import { etcdVersion, missingProgramNotice, oracleServer } from '../support/programs.js';
import { MemoryStore } from './memory-store.js';
import { openStore } from './support.js';

const STEPS = 220;

type Operation =
  | { kind: 'put'; key: string; value: string }
  | { kind: 'delete'; start: string; end: string };

/** Puts of different keys, or deletes: etcd refuses to write one key twice in a transaction. */
function randomOperations(random: Random): Operation[] {
  const key = (): string => `key/${random.below(12)}`;
  if (random.below(4) === 0) {
    return [{ kind: 'delete', start: key(), end: ['', '\0', key()][random.below(3)] ?? '' }];
  }
  const keys = new Set(Array.from({ length: 1 + random.below(4) }, key));
  return [...keys].map((name) =>
    random.below(4) > 0
      ? { kind: 'put', key: name, value: 'v'.repeat(random.below(300)) }
      : { kind: 'delete', start: name, end: '' },
  );
}

async function transact(
  store: MvccStore,
  client: EtcdClient,
  operations: readonly Operation[],
): Promise<void> {
  const transaction = store.begin();
  for (const operation of operations) {
    if (operation.kind === 'delete') transaction.deleteRange(operation.start, operation.end);
    else transaction.put(operation.key, Buffer.from(operation.value), 0n);
  }
  const success = operations.map((operation) =>
    operation.kind === 'delete'
      ? {
          requestDeleteRange: {
            key: Buffer.from(operation.start),
            rangeEnd: Buffer.from(operation.end),
          },
        }
      : { requestPut: { key: Buffer.from(operation.key), value: Buffer.from(operation.value) } },
  );
  const { header } = await client.call(KV.methods.txn, { success });
  assert.equal(transaction.end(), header?.revision);
}

test('HashKV is that of a real etcd at every revision, before and after compactions', async (t) => {
  const program = oracleServer();
  if (program === undefined) {
    t.skip(missingProgramNotice('etcd'));
    return;
  }
  // Older ones do not remember the hashes of compactions.
  const remembersHashes = !etcdVersion(program).startsWith('3.4.');
  const member = await startMember(t, { program });
  const client = new EtcdClient(member.clientAddress);
  t.after(() => client.close());
  const records = new MemoryStore();
  const store = await openStore(records);
  const compare = async (revision: number): Promise<void> => {
    const theirs = await client.call(Maintenance.methods.hashKv, { revision: BigInt(revision) });
    const { hash, compactRevision } = await store.hashByRevision(revision);
    assert.deepEqual(
      { revision, hash, compactRevision },
      { revision, hash: theirs.hash, compactRevision: theirs.compactRevision },
    );
  };
  const random = seededRandom(Number(process.env.KVORUM_TEST_SEED ?? 20));
  const compactions = new Set<number>();
  await compare(0);
  for (let step = 0; step < STEPS; step++) {
    await transact(store, client, randomOperations(random));
    records.commit();
    if (step % 20 === 19) {
      const oldest = Math.max(store.compactedRevision + 1, 1);
      const revision = oldest + random.below(store.revision - oldest + 1);
      await client.call(KV.methods.compact, { revision, physical: true });
      assert.equal(await store.compact(revision), 'finished');
      compactions.add(revision);
    }
    if (step % 5 === 0) await compare(0);
  }
  for (
    let revision = Math.max(store.compactedRevision, 1);
    revision <= store.revision;
    revision++
  ) {
    if (!compactions.has(revision)) await compare(revision);
  }
  if (!remembersHashes) return;
  for (const { hashRevision } of store.compactionHashes) await compare(hashRevision);
});
