/** The small parts below the store, each against something simple. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stripRecordValue } from '../../src/mvcc/index.js';
import { Kept, KeyEntry } from '../../src/mvcc/key-entry.js';
import { KeyRows } from '../../src/mvcc/key-rows.js';
import {
  encodeRecord,
  keepOnlyMeta,
  readRecordKey,
  readRecordMeta,
} from '../../src/mvcc/record.js';
import {
  codeOfRevisionKey,
  encodeRevisionKey,
  isRevisionKey,
  mainOfRevisionKey,
} from '../../src/mvcc/revision-key.js';
import { RevisionRing } from '../../src/mvcc/revision-ring.js';
import { ValueLog } from '../../src/mvcc/value-log.js';
import { encodeDeleteEvent, encodePutEvent } from '../../src/mvcc/watch/event-encoding.js';
import { IntervalTree } from '../../src/mvcc/watch/interval-tree.js';
import { Event, Event_EventType, KeyValue } from '../../src/proto/generated/mvccpb.js';

const revision = fc.oneof(fc.nat(300), fc.maxSafeNat());
const fields = fc.record({
  key: fc.string({ unit: 'binary', maxLength: 80 }).map((text) => latin1(text)),
  createRevision: revision,
  modRevision: revision,
  version: revision,
  value: fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value)),
  lease: fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
});

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('records', () => {
  it('are written as the generated codec writes them, and read back', () => {
    fc.assert(
      fc.property(fields, (given) => {
        const record = encodeRecord(given);
        const twin = KeyValue.encode({ ...given, key: bytes(given.key) });
        assert.deepEqual(record, twin);
        const meta = readRecordMeta(record);
        const { createRevision, modRevision, version, lease, valueOffset, valueLength } = meta;
        assert.deepEqual(
          { createRevision, modRevision, version, lease },
          {
            createRevision: given.createRevision,
            modRevision: given.modRevision,
            version: given.version,
            lease: given.lease,
          },
        );
        assert.deepEqual(record.subarray(valueOffset, valueOffset + valueLength), given.value);
        assert.equal(readRecordKey(record), given.key);
      }),
    );
  });

  it('lose their value, or value and lease', () => {
    fc.assert(
      fc.property(fields, (given) => {
        const record = encodeRecord(given);
        const { key, ...rest } = KeyValue.decode(record);
        const without = { ...rest, key, value: Buffer.alloc(0) };
        assert.deepEqual(KeyValue.decode(stripRecordValue(record)), without);
        assert.deepEqual(KeyValue.decode(keepOnlyMeta(record)), { ...without, lease: 0n });
      }),
    );
  });

  it('become events', () => {
    fc.assert(
      fc.property(fields, fc.option(fields), (given, before) => {
        const record = encodeRecord(given);
        const previous = before === null ? undefined : encodeRecord(before);
        const prevKv = previous === undefined ? undefined : KeyValue.decode(previous);
        assert.deepEqual(
          encodePutEvent(record, previous),
          Event.encode({ kv: KeyValue.decode(record), prevKv }),
        );
        const main = given.modRevision + 1;
        const tombstone = KeyValue.encode({ key: bytes(given.key) });
        assert.deepEqual(
          encodeDeleteEvent(tombstone, main, previous),
          Event.encode({
            type: Event_EventType.DELETE,
            kv: { key: bytes(given.key), modRevision: main },
            prevKv,
          }),
        );
      }),
    );
  });
});

describe('revision keys', () => {
  it('carry main, sub and tombstone, and order as the revisions do', () => {
    const code = fc.nat({ max: 2 ** 31 });
    fc.assert(
      fc.property(fc.tuple(fc.maxSafeNat(), code), fc.tuple(fc.maxSafeNat(), code), (a, b) => {
        const key = encodeRevisionKey(...a);
        assert.ok(isRevisionKey(key));
        assert.deepEqual([mainOfRevisionKey(key), codeOfRevisionKey(key)], a);
        const order = a[0] - b[0] || a[1] - b[1];
        assert.equal(Math.sign(Buffer.compare(key, encodeRevisionKey(...b))), Math.sign(order));
      }),
    );
    assert.equal(encodeRevisionKey(258, 7).toString('hex'), '00000000000001025f000000000000000374');
    assert.ok(!isRevisionKey(Buffer.alloc(17)));
  });
});

describe('the history of a key', () => {
  it('finds the change at any revision, over many chunks, and forgets by compaction', () => {
    const rows = new KeyRows();
    const entry = new KeyEntry(rows, rows.add('k'));
    const all: { main: number; code: number }[] = [];
    for (let main = 2; main < 8000; main += 3) {
      const code = main % 4 === 0 ? 1 : 0;
      all.push({ main, code });
      entry.change(main, code, 2, code === 0 ? 1 : 0, 0n, 2 ** 32);
    }
    assert.deepEqual(entry.revisions(), all);
    const found = { main: 0, code: 0 };
    const check = (oldest: number): void => {
      for (let at = oldest; at < 8010; at += 7) {
        const expected = all.filter(({ main }) => main <= at).at(-1);
        assert.ok(entry.locate(at, found));
        assert.deepEqual(found, expected);
      }
    };
    assert.ok(!entry.locate(1, found));
    check(2);
    assert.equal(entry.compact(2), Kept.put);
    assert.equal(entry.compact(5000), Kept.tombstone);
    assert.deepEqual(
      entry.revisions(),
      all.filter(({ main }) => main >= 5000),
    );
    check(5000);
    assert.equal(entry.compact(5001), Kept.nothing);
    assert.ok(!entry.locate(5001, found));
    assert.equal(entry.compact(9000), Kept.put);
    assert.ok(!entry.hasHistory);
  });
});

describe('the value log', () => {
  it('keeps the newest records within its budget, and their views for ever', () => {
    const log = new ValueLog(10_000);
    const kept: { address: number; text: string; view: Buffer }[] = [];
    for (let number = 0; number < 3000; number++) {
      const text = `${number}:`.padEnd(number % 97 === 0 ? 3000 : number % 50, 'x');
      const address = log.append(Buffer.from(text));
      kept.push({ address, text, view: log.view(address) });
      assert.ok(log.sizeBytes <= 10_000 + 4000);
    }
    const there = kept.filter(({ address }) => log.has(address));
    assert.ok(there.length > 20 && there.length < 1000);
    for (const { address, text } of there) assert.equal(log.view(address).toString(), text);
    for (const { text, view } of kept) assert.equal(view.toString(), text);
    log.clear();
    assert.ok(kept.every(({ address }) => !log.has(address)));
    const address = log.append(Buffer.from('again'));
    assert.equal(log.view(address).toString(), 'again');
  });

  it('takes a record larger than its whole budget', () => {
    const log = new ValueLog(0);
    for (const size of [0, 1, 300, 5000, 2_000_000, 7]) {
      const address = log.append(Buffer.alloc(size, size));
      assert.deepEqual(log.view(address), Buffer.alloc(size, size));
    }
  });
});

describe('the ring of revisions', () => {
  it('finds changes by revision, and knows from where on it has all', () => {
    const ring = new RevisionRing();
    for (let main = 2; main < 5000; main++) {
      for (const code of [0, 3]) ring.push(main, code, main * 10 + code);
    }
    assert.ok(ring.hasAllFrom(1));
    assert.equal(ring.find(4321, 3), 43213);
    assert.equal(ring.find(4321, 1), undefined);
    assert.equal(ring.mainAt(ring.lowerBound(77, 0)), 77);
    ring.dropBelow(1003);
    assert.equal(ring.completeFrom, 101, 'a part of revision 100 is gone');
    assert.ok(!ring.hasAllFrom(100) && ring.hasAllFrom(101));
    assert.equal(ring.find(100, 0), undefined);
    assert.equal(ring.find(100, 3), 1003);
  });

  it('forgets the oldest when it is full', () => {
    const ring = new RevisionRing();
    const count = (1 << 20) + 10;
    for (let main = 1; main <= count; main++) ring.push(main, 0, main);
    assert.equal(ring.completeFrom, 11);
    assert.equal(ring.find(11, 0), 11);
    assert.equal(ring.find(count, 0), count);
  });
});

describe('the interval tree', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 });
  const interval = fc.record({ start: key, end: fc.option(key, { nil: undefined }) });
  const action = fc.record({ interval, value: fc.nat(3), isRemoval: fc.boolean() });

  it('finds exactly the intervals around a key, whatever was added and removed', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), key, (actions, probe) => {
        const tree = new IntervalTree<string>();
        const model = new Set<string>();
        for (const { interval: given, value, isRemoval } of actions) {
          const name = JSON.stringify([given.start, given.end, value]);
          if (isRemoval) tree.remove(given.start, given.end, name);
          else tree.add(given.start, given.end, name);
          if (isRemoval) model.delete(name);
          else model.add(name);
        }
        const expected = [...model].filter((name) => {
          const [start, end] = JSON.parse(name) as [string, string | null];
          return start <= probe && (end === null || probe < end);
        });
        const found: string[] = [];
        tree.collect(probe, found);
        assert.deepEqual(found.sort(), expected.sort());
        assert.equal(tree.isEmpty, model.size === 0);
      }),
      { numRuns: 500 },
    );
  });

  it('stays low', () => {
    const tree = new IntervalTree<number>();
    for (let number = 0; number < 4096; number++)
      tree.add(String(number + 10000), undefined, number);
    assert.ok(tree.height <= 17, `height ${tree.height}`);
    for (let number = 0; number < 4096; number += 2)
      tree.remove(String(number + 10000), undefined, number);
    assert.ok(tree.height <= 16, `height ${tree.height}`);
  });
});
