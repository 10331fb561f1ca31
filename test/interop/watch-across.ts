import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, waitUntil } from '../cluster/support/cluster.js';
import type { ClusterMember } from '../cluster/support/cluster-member.js';
import type { Dice } from '../durability/support/dice.js';
import { prefixEnd, type WatchStream } from '../support/etcd-client.js';
import type { Acknowledged } from './ledger.js';

const PREFIX = 'ledger/';
/** The watch moves to another member after this long at most. */
const STAY_MS = 3000;

interface Seen {
  readonly key: string;
  readonly value: string | undefined;
}

/** One watch over everything the ledger writes, taken up at another member again and again. */
export class WatchAcross {
  private readonly cluster: Cluster;
  private readonly dice: Dice;
  private readonly seen = new Map<number, Seen>();
  private lastRevision = 0;
  private failure: unknown;
  private isStopping = false;
  private readonly running: Promise<void>;

  /** Starts at once; `revision` is the first one it wants. */
  constructor(cluster: Cluster, dice: Dice, revision: number) {
    this.cluster = cluster;
    this.dice = dice;
    this.lastRevision = revision - 1;
    this.running = this.run();
  }

  get eventCount(): number {
    return this.seen.size;
  }

  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /** Waits until it has seen all that was acknowledged, and compares; then it ends. */
  async finish(acknowledged: readonly Acknowledged[]): Promise<void> {
    const last = Math.max(...acknowledged.map(({ revision }) => revision));
    await waitUntil(`the watch at revision ${last}`, () => {
      this.check();
      return this.lastRevision >= last;
    });
    await this.stop();
    for (const { key, value, revision } of acknowledged) {
      assert.deepEqual(this.seen.get(revision), { key, value }, `event of revision ${revision}`);
    }
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.running;
    this.check();
  }

  private async run(): Promise<void> {
    try {
      while (!this.isStopping) {
        const member = this.dice.pick(this.cluster.voters.filter(({ isServing }) => isServing));
        if (member !== undefined) await this.follow(member);
        await delay(20);
      }
    } catch (error) {
      this.failure ??= error;
    }
  }

  private async follow({ client, name }: ClusterMember): Promise<void> {
    const watch = client.watch(
      {
        key: Buffer.from(PREFIX),
        rangeEnd: prefixEnd(PREFIX),
        startRevision: this.lastRevision + 1,
      },
      { metadata: { hasleader: 'true' } },
    );
    const untilMs = performance.now() + this.dice.between(500, STAY_MS);
    let taken = 0;
    while (!this.isStopping && performance.now() < untilMs && watch.stream.ending === undefined) {
      taken = this.take(watch, taken, name);
      await delay(20);
    }
    this.take(watch, taken, name);
    watch.cancel();
  }

  private take(watch: WatchStream, taken: number, name: string): number {
    const { responses } = watch;
    for (const { events, canceled, cancelReason, compactRevision } of responses.slice(taken)) {
      assert.equal(compactRevision, 0, `the watch on ${name} lags behind a compaction`);
      assert.ok(!canceled || /leader/.test(cancelReason), `${name} cancels: ${cancelReason}`);
      for (const { kv, type } of events) {
        assert.ok(kv !== undefined);
        assert.ok(kv.modRevision > this.lastRevision, `${name} tells ${kv.modRevision} twice`);
        this.lastRevision = kv.modRevision;
        const value = type === 1 ? undefined : kv.value.toString();
        this.seen.set(kv.modRevision, { key: kv.key.toString(), value });
      }
    }
    return responses.length;
  }
}
