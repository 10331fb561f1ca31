import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../../src/base/clock.js';
import { Timer, TimerWheel } from '../../../src/transport/http2/timer-wheel.js';

/** A clock that goes when it is told to. */
class ManualClock implements Clock {
  #nowMs = 0;
  #interval: { callback: () => void; periodMs: number; nextMs: number } | undefined;

  get isTicking(): boolean {
    return this.#interval !== undefined;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return this.#nowMs;
  }

  setTimeout(): () => void {
    throw new Error('not needed');
  }

  setInterval(callback: () => void, periodMs: number): () => void {
    const interval = { callback, periodMs, nextMs: this.#nowMs + periodMs };
    this.#interval = interval;
    return () => {
      if (this.#interval === interval) this.#interval = undefined;
    };
  }

  setImmediate(): void {
    throw new Error('not needed');
  }

  advance(ms: number): void {
    const end = this.#nowMs + ms;
    while (this.#interval !== undefined && this.#interval.nextMs <= end) {
      this.#nowMs = this.#interval.nextMs;
      this.#interval.nextMs += this.#interval.periodMs;
      this.#interval.callback();
    }
    this.#nowMs = end;
  }
}

const TICK_MS = 10;

function newWheel(): { clock: ManualClock; wheel: TimerWheel } {
  const clock = new ManualClock();
  return { clock, wheel: new TimerWheel({ tickMs: TICK_MS }, { clock }) };
}

describe('TimerWheel', () => {
  it('calls each entry once, never early and at most a tick late', () => {
    const plan = fc.array(fc.record({ afterMs: fc.nat(200), delayMs: fc.nat(20_000) }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(plan, (steps) => {
        const { clock, wheel } = newWheel();
        const lateMs: number[] = [];
        for (const { afterMs, delayMs } of steps) {
          clock.advance(afterMs);
          const dueMs = clock.nowMs() + delayMs;
          wheel.schedule(new Timer(() => lateMs.push(clock.nowMs() - dueMs)), delayMs);
        }
        clock.advance(30_000);
        assert.equal(lateMs.length, steps.length);
        for (const late of lateMs) assert.ok(late >= 0 && late <= 2 * TICK_MS, `${late} ms late`);
        assert.equal(clock.isTicking, false);
      }),
    );
  });

  it('does not call what was cancelled, also by an entry of the same tick', () => {
    const { clock, wheel } = newWheel();
    const called: string[] = [];
    const b = new Timer(() => called.push('b'));
    const a = new Timer(() => {
      called.push('a');
      wheel.cancel(b);
    });
    wheel.schedule(b, 5);
    wheel.schedule(a, 5);
    wheel.cancel(new Timer(() => called.push('never scheduled')));
    clock.advance(100);
    assert.deepEqual(called, ['a']);
  });

  it('lets an entry be scheduled anew, also from its own call', () => {
    const { clock, wheel } = newWheel();
    const calledAt: number[] = [];
    const timer = new Timer(() => {
      calledAt.push(clock.nowMs());
      if (calledAt.length < 3) wheel.schedule(timer, 100);
    });
    wheel.schedule(timer, 5000);
    wheel.schedule(timer, 100);
    clock.advance(10_000);
    assert.deepEqual(calledAt, [100, 200, 300]);
  });

  it('ticks only while something is scheduled', () => {
    const { clock, wheel } = newWheel();
    assert.equal(clock.isTicking, false);
    const timer = new Timer(() => {});
    wheel.schedule(timer, 50);
    assert.equal(clock.isTicking, true);
    wheel.cancel(timer);
    assert.equal(clock.isTicking, false);
  });
});
