import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../src/base/clock.js';
import { isEtcdError } from '../../src/base/errors.js';
import { ExpiryQueue } from '../../src/lease/expiry-queue.js';
import { Lessor } from '../../src/lease/index.js';
import { Lease } from '../../src/proto/generated/leasepb.js';

/** A clock that stands still until it is told to move. */
class ManualClock implements Clock {
  timeMs = 1000;
  nowMs = (): number => this.timeMs;
  unixMs = (): number => this.timeMs;
  setTimeout = (): (() => void) => () => {};
  setInterval = (): (() => void) => () => {};
  setImmediate = (): void => {};
}

function createLessor(records = new Map<string, Buffer>()) {
  const clock = new ManualClock();
  const lessor = new Lessor(
    { minTtlSeconds: 2 },
    {
      clock,
      records: {
        putLease: (key, value) => records.set(key.toString('hex'), value),
        deleteLease: (key) => records.delete(key.toString('hex')),
      },
    },
  );
  return { clock, lessor, records };
}

const expiredIds = (lessor: Lessor): bigint[] => lessor.takeExpired(100, 3000).map(({ id }) => id);

describe('Lessor', () => {
  it('raises short TTLs to the minimum and refuses what cannot be granted', () => {
    const { lessor } = createLessor();
    assert.equal(lessor.grant(1n, -5).ttlSeconds, 2);
    assert.equal(lessor.grant(-7n, 60).ttlSeconds, 60);
    assert.throws(
      () => lessor.grant(1n, 60),
      (error) => isEtcdError(error, 'LeaseExist'),
    );
    assert.throws(
      () => lessor.grant(0n, 60),
      (error) => isEtcdError(error, 'LeaseNotFound'),
    );
    assert.throws(
      () => lessor.grant(2n, 9_000_000_001),
      (error) => isEtcdError(error, 'LeaseTTLTooLarge'),
    );
  });

  it('expires nothing on a member that does not lead', () => {
    const { lessor, clock } = createLessor();
    lessor.grant(1n, 10);
    clock.timeMs += 100_000;
    assert.deepEqual(expiredIds(lessor), []);
  });

  it('expires a lease when its time is over, never before, and again until it is revoked', () => {
    const { lessor, clock } = createLessor();
    lessor.promote(0);
    lessor.grant(1n, 10);
    clock.timeMs += 9_999;
    assert.deepEqual(expiredIds(lessor), []);
    clock.timeMs += 1;
    assert.deepEqual(expiredIds(lessor), [1n]);
    assert.deepEqual(expiredIds(lessor), []);
    clock.timeMs += 3000;
    assert.deepEqual(expiredIds(lessor), [1n]);
    assert.deepEqual(lessor.revoke(1n), []);
    clock.timeMs += 3000;
    assert.deepEqual(expiredIds(lessor), []);
  });

  it('starts the time anew with each keep-alive, but cannot save an expired lease', () => {
    const { lessor, clock } = createLessor();
    lessor.promote(0);
    lessor.grant(1n, 10);
    clock.timeMs += 8000;
    assert.equal(lessor.renew(1n), 10);
    clock.timeMs += 8000;
    assert.deepEqual(expiredIds(lessor), []);
    clock.timeMs += 2000;
    assert.equal(lessor.renew(1n), 0);
    assert.equal(lessor.renew(99n), 0);
    assert.deepEqual(expiredIds(lessor), [1n]);
  });

  it('gives every lease its whole time and more to a new leader', () => {
    const { lessor, clock } = createLessor();
    lessor.promote(0);
    const lease = lessor.grant(1n, 10);
    clock.timeMs += 9000;
    assert.equal(lessor.remainingSeconds(lease), 1);
    lessor.demote();
    clock.timeMs += 60_000;
    lessor.promote(1000);
    assert.equal(lessor.remainingSeconds(lease), 11);
    clock.timeMs += 10_999;
    assert.deepEqual(expiredIds(lessor), []);
  });

  it('hands out the attached keys in byte order', () => {
    const { lessor } = createLessor();
    lessor.grant(1n, 10);
    for (const key of ['b', 'a', '\xff', '\0', 'B']) lessor.attach(1n, key);
    lessor.detach(1n, 'a');
    lessor.attach(42n, 'nobody');
    assert.deepEqual(lessor.revoke(1n), ['\0', 'B', 'b', '\xff']);
  });

  it('persists leases as etcd does and takes them back', () => {
    const { lessor, records } = createLessor();
    lessor.grant(0x32n, 60);
    lessor.checkpoint(0x32n, 17);
    const stored = records.get('0000000000000032');
    assert.ok(stored !== undefined);
    assert.deepEqual(Lease.decode(stored), { id: 0x32n, ttl: 60, remainingTtl: 17 });
    const restarted = createLessor();
    restarted.lessor.restore(stored);
    restarted.lessor.promote(0);
    const lease = restarted.lessor.get(0x32n);
    assert.ok(lease !== undefined);
    assert.equal(restarted.lessor.remainingSeconds(lease), 17);
    assert.equal(lease.ttlSeconds, 60);
  });
});

describe('ExpiryQueue', () => {
  it('gives what a sorted list would give, whatever is renewed and dropped', () => {
    const step = fc.record({
      ttlMs: fc.integer({ min: 1, max: 50 }),
      renew: fc.option(fc.nat(20)),
      drop: fc.option(fc.nat(20)),
      waitMs: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ExpiryQueue<{ id: number; expiresAtMs: number }>();
        const items = new Map<number, { id: number; expiresAtMs: number }>();
        let nowMs = 0;
        steps.forEach(({ ttlMs, renew, drop, waitMs }, id) => {
          const item = { id, expiresAtMs: nowMs + ttlMs };
          items.set(id, item);
          queue.push(item);
          const renewed = renew === null ? undefined : items.get(renew);
          if (renewed !== undefined && renewed.expiresAtMs > nowMs) {
            renewed.expiresAtMs = Math.max(renewed.expiresAtMs, nowMs + 40);
          }
          if (drop !== null) items.delete(drop);
          nowMs += waitMs;
          const expected = [...items.values()]
            .filter((candidate) => candidate.expiresAtMs <= nowMs)
            .map((candidate) => candidate.id);
          const taken = queue.takeExpired(nowMs, 1000, (one) => items.get(one.id) === one);
          const actual = taken.map((one) => one.id);
          assert.deepEqual(
            actual.sort((a, b) => a - b),
            expected,
          );
          for (const one of actual) items.delete(one);
        });
      }),
    );
  });
});
