/** The `etcd3` package from npm, an independent client: what its users do must work. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Etcd3, EtcdLockFailedError, type IKeyValue } from 'etcd3';
import { CleanupList } from '../support/cleanup.js';
import { type Member, startMember } from '../support/member.js';

suite('the etcd3 client', { timeout: 60_000 }, () => {
  const cleanup = new CleanupList();
  let member: Member;
  let client: Etcd3;

  before(async () => {
    member = await startMember(cleanup);
    client = new Etcd3({ hosts: member.clientUrl });
  });
  after(async () => {
    client.close();
    await cleanup.run();
    // The library never ends some of its timers (keep-alives of leases whose lock or election is
    // over), and they would keep this process for ever. All results are in by then.
    globalThis.setTimeout(() => process.exit(), 500);
  });

  test('put and get, as string, number, JSON and buffer', async () => {
    await client.put('kv/text').value('bar');
    await client.put('kv/number').value(42);
    await client.put('kv/json').value(JSON.stringify({ a: [1, 2] }));
    await client.put('kv/bytes').value(Buffer.from([0, 255, 1]));
    assert.equal(await client.get('kv/text').string(), 'bar');
    assert.equal(await client.get('kv/number').number(), 42);
    assert.deepEqual(await client.get('kv/json').json(), { a: [1, 2] });
    assert.deepEqual(await client.get('kv/bytes').buffer(), Buffer.from([0, 255, 1]));
    assert.equal(await client.get('kv/none').string(), null);
    assert.equal(await client.get('kv/text').exists(), true);
    const previous = await client.put('kv/text').value('baz').getPrevious();
    assert.equal(previous?.value.toString(), 'bar');
  });

  test('lists: prefix, range, limit, sort, count, keys', async () => {
    const namespace = client.namespace('list/');
    for (const [key, value] of [
      ['a', '3'],
      ['b', '1'],
      ['c', '2'],
    ] as const) {
      await namespace.put(key).value(value);
    }
    assert.deepEqual(await namespace.getAll().strings(), { a: '3', b: '1', c: '2' });
    assert.deepEqual(await namespace.getAll().sort('Value', 'Descend').keys(), ['a', 'c', 'b']);
    assert.deepEqual(await namespace.getAll().limit(2).keys(), ['a', 'b']);
    assert.equal(await namespace.getAll().count(), 3);
    assert.deepEqual(await client.getAll().inRange({ start: 'list/b', end: 'list/d' }).numbers(), {
      'list/b': 1,
      'list/c': 2,
    });
  });

  test('reads at an older revision, and after a compaction', async () => {
    const first = await client.put('old/a').value('1');
    await client.put('old/a').value('2');
    const revision = first.header.revision;
    assert.equal(await client.get('old/a').revision(revision).string(), '1');
    await client.kv.compact({ revision: String(Number(revision) + 1), physical: true });
    await assert.rejects(client.get('old/a').revision(revision).string(), /has been compacted/);
  });

  test('delete: one key, a prefix, with the previous values', async () => {
    for (const key of ['del/a', 'del/b', 'del/c']) await client.put(key).value(key);
    assert.equal((await client.delete().key('del/a')).deleted, '1');
    const previous = await client.delete().prefix('del/').getPrevious();
    assert.deepEqual(
      previous.map(({ key }) => key.toString()),
      ['del/b', 'del/c'],
    );
    assert.equal((await client.delete().prefix('del/')).deleted, '0');
  });

  test('transactions with conditions', async () => {
    await client.put('if/a').value('1');
    const swap = (expected: string, value: string) =>
      client
        .if('if/a', 'Value', '==', expected)
        .and('if/none', 'Create', '==', 0)
        .then(client.put('if/a').value(value))
        .else(client.get('if/a'))
        .commit();
    assert.equal((await swap('1', '2')).succeeded, true);
    const failed = await swap('1', '3');
    assert.equal(failed.succeeded, false);
    assert.equal(failed.responses[0]?.response_range?.kvs[0]?.value.toString(), '2');
  });

  test('a lease holds keys until it is revoked, and is kept alive meanwhile', async () => {
    const lease = client.lease(10);
    await lease.put('lease/a').value('x');
    const id = await lease.grant();
    assert.equal(await client.get('lease/a').string(), 'x');
    const renewed = await lease.keepaliveOnce();
    assert.equal(renewed.ID, id);
    assert.equal(renewed.TTL, '10');
    const { TTL, keys } = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
    assert.ok(Number(TTL) > 5);
    assert.deepEqual(keys.map(String), ['lease/a']);
    await lease.revoke();
    assert.equal(await client.get('lease/a').string(), null);
  });

  test('a lease that nobody keeps alive takes its keys with it', async () => {
    const lease = client.lease(2, { autoKeepAlive: false });
    await lease.put('expire/a').value('x');
    const watcher = await client.watch().key('expire/a').create();
    const [deleted] = (await once(watcher, 'delete')) as [IKeyValue];
    assert.equal(deleted.key.toString(), 'expire/a');
    await watcher.cancel();
    lease.release();
  });

  test('watches: puts, deletes, a prefix, an older revision, cancelling', async () => {
    const watcher = await client.watch().prefix('watch/').create();
    const seen: string[] = [];
    watcher.on('put', ({ key, value }) => seen.push(`put ${key}=${value}`));
    watcher.on('delete', ({ key }) => seen.push(`delete ${key}`));
    const first = await client.put('watch/a').value('1');
    await client.put('watch/b').value('2');
    const deleted = once(watcher, 'delete');
    await client.delete().key('watch/a');
    await deleted;
    assert.deepEqual(seen, ['put watch/a=1', 'put watch/b=2', 'delete watch/a']);
    await watcher.cancel();

    const replayed = client.watch().key('watch/b').startRevision(first.header.revision).watcher();
    const [event] = (await once(replayed, 'put')) as [IKeyValue];
    assert.equal(event.value.toString(), '2');
    await replayed.cancel();
    assert.equal(seen.length, 3, 'nothing came after the cancel');
  });

  test('many watches share a stream', async () => {
    const watchers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => client.watch().key(`many/${index}`).create()),
    );
    const all = Promise.all(watchers.map((watcher) => once(watcher, 'put')));
    for (let index = 0; index < 50; index++) await client.put(`many/${index}`).value(index);
    const events = (await all) as [IKeyValue][];
    assert.deepEqual(
      events.map(([{ value }]) => Number(value)),
      Array.from({ length: 50 }, (_, index) => index),
    );
    await Promise.all(watchers.map((watcher) => watcher.cancel()));
  });

  test('a watch goes on after the member was killed and started again', async () => {
    const own = new Etcd3({ hosts: member.clientUrl });
    const watcher = await own.watch().key('again/a').create();
    const first = once(watcher, 'put');
    await client.put('again/a').value('1');
    await first;
    await member.kill();
    await member.start();
    const next = once(watcher, 'put');
    for (let attempt = 0; ; attempt++) {
      try {
        await client.put('again/a').value('2');
        break;
      } catch (error) {
        if (attempt === 50) throw error;
        await setTimeout(100);
      }
    }
    const [event] = (await next) as [IKeyValue];
    assert.equal(event.value.toString(), '2');
    own.close();
  });

  test('one lock at a time, and the next when it is released', async () => {
    const lock = client.lock('lock/a').ttl(10);
    await lock.acquire();
    await assert.rejects(client.lock('lock/a').acquire(), EtcdLockFailedError);
    await lock.release();
    const result = await client.lock('lock/a').do(() => 'done');
    assert.equal(result, 'done');
  });

  test('software transactional memory: concurrent increments are not lost', async () => {
    await client.put('stm/count').value(0);
    const increment = () =>
      client.stm({ retries: 100 }).transact(async (transaction) => {
        const count = Number(await transaction.get('stm/count').string());
        await transaction.put('stm/count').value(count + 1);
      });
    await Promise.all(Array.from({ length: 10 }, increment));
    assert.equal(await client.get('stm/count').number(), 10);
  });

  test('an election is won by the first, then by the next', async () => {
    const election = client.election('vote', 10);
    const first = election.campaign('first');
    await once(first, 'elected');
    const second = election.campaign('second');
    const elected = once(second, 'elected');
    assert.equal(await election.leader(), 'first');
    await first.resign();
    await elected;
    assert.equal(await election.leader(), 'second');
    await second.resign();
  });

  test('maintenance and membership', async () => {
    const status = await client.maintenance.status();
    assert.match(status.version, /^3\.\d+\.\d+/);
    const { members } = await client.cluster.memberList({});
    assert.deepEqual(
      members.map(({ name, clientURLs }) => [name, ...clientURLs]),
      [['default', member.clientUrl]],
    );
  });
});
