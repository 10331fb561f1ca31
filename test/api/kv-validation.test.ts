import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { IntervalSet } from '../../src/api/interval-set.js';
import { checkTxnRequest } from '../../src/api/kv-validation.js';
import { EtcdError } from '../../src/base/errors.js';
import { type RequestOp, TxnRequest } from '../../src/proto/generated/etcdserverpb.js';
import type { Init } from '../../src/proto/wire.js';

type Op = Init<RequestOp>;

const put = (key: string): Op => ({ requestPut: { key: Buffer.from(key) } });
const del = (key: string, end = ''): Op => ({
  requestDeleteRange: { key: Buffer.from(key), rangeEnd: Buffer.from(end) },
});
const range = (key: string): Op => ({ requestRange: { key: Buffer.from(key) } });
const txn = (success: Op[], failure: Op[] = []): Op => ({ requestTxn: { success, failure } });

function check(request: Init<TxnRequest>, maxOps = 128): string {
  try {
    checkTxnRequest(TxnRequest.decode(TxnRequest.encode(request)), maxOps);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof EtcdError);
    return error.error;
  }
}

describe('a transaction is refused', () => {
  it('when it changes a key twice', () => {
    assert.equal(check({ success: [put('a'), put('a')] }), 'DuplicateKey');
    assert.equal(check({ failure: [put('a'), del('a')] }), 'DuplicateKey');
    assert.equal(check({ success: [put('b'), del('a', 'c')] }), 'DuplicateKey');
    assert.equal(check({ success: [put('a'), txn([put('a')])] }), 'DuplicateKey');
    assert.equal(check({ success: [txn([put('a')]), txn([], [put('a')])] }), 'DuplicateKey');
    assert.equal(check({ success: [del('a', 'z'), txn([put('b')])] }), 'DuplicateKey');
    assert.equal(check({ success: [txn([del('a')]), txn([put('a')])] }), 'DuplicateKey');
  });

  it('but not for what cannot happen together, or what etcd does not see', () => {
    assert.equal(check({ success: [put('a')], failure: [put('a')] }), 'ok');
    assert.equal(check({ success: [txn([put('a')], [put('a')])] }), 'ok');
    assert.equal(check({ success: [del('a', 'c'), del('b', 'd')] }), 'ok');
    assert.equal(check({ success: [put('c'), del('a', 'c')] }), 'ok');
    assert.equal(check({ success: [put('b'), del('a', '\0')] }), 'ok');
    assert.equal(check({ success: [put('b'), del('c', 'a')] }), 'ok');
    assert.equal(check({ success: [txn([put('a')]), txn([del('a')])] }), 'ok');
    assert.equal(check({ success: [put('a'), range('a'), range('a')] }), 'ok');
  });

  it('when it has too many operations on the way down', () => {
    const puts = (count: number): Op[] => Array.from({ length: count }, (_, i) => put(`k${i}`));
    assert.equal(check({ success: puts(128) }), 'ok');
    assert.equal(check({ success: puts(129) }), 'TooManyOps');
    const inner = (count: number): Op => txn(puts(count).map((_, i) => put(`inner${i}`)));
    assert.equal(check({ success: [...puts(63), inner(64)] }), 'ok');
    assert.equal(check({ success: [...puts(63), inner(65)] }), 'TooManyOps');
  });

  it('when a key or operation is missing', () => {
    assert.equal(check({ compare: [{}] }), 'EmptyKey');
    assert.equal(check({ success: [{}] }), 'KeyNotFound');
    assert.equal(check({ success: [put('')] }), 'EmptyKey');
    assert.equal(check({ failure: [txn([], [del('')])] }), 'EmptyKey');
  });
});

describe('IntervalSet', () => {
  it('contains what any of its ranges contains', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), maxLength: 3 });
    const ranges = fc.array(fc.tuple(key, key), { maxLength: 8 });
    fc.assert(
      fc.property(ranges, ranges, key, (first, later, asked) => {
        const set = new IntervalSet();
        const holds = (list: [string, string][]): boolean =>
          list.some(([start, end]) =>
            end === '' ? asked === start : start <= asked && asked < end,
          );
        for (const [start, end] of first) set.add(start, end);
        assert.equal(set.contains(asked), holds(first));
        const other = new IntervalSet();
        for (const [start, end] of later) other.add(start, end);
        set.addAll(other);
        assert.equal(set.contains(asked), holds([...first, ...later]));
      }),
    );
  });
});
