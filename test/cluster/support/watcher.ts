import assert from 'node:assert/strict';
import type { WatchResponse } from '../../../src/proto/generated/etcdserverpb.js';
import { Watch } from '../../../src/proto/generated/etcdserverpb.js';
import type { Dice } from '../../durability/support/dice.js';
import type { WatchStream } from '../../support/etcd-client.js';
import type { Cluster } from './cluster.js';
import type { ClusterMember } from './cluster-member.js';
import { Revisions } from './revisions.js';

const EVERYTHING = Buffer.from([0]);
const PROGRESS_EVERY_MS = 150;
const RETRY_MS = 50;

export interface WatcherOptions {
  /** Moves on to another member at random moments, not only when the stream ends or is silent. */
  wanders: boolean;
  /** Asks for progress now and then: what is told must never be ahead of the events. */
  asksForProgress: boolean;
}

/**
 * A client that watches the whole store from its first revision on and wants every event once and in
 * order. When its stream ends, or is silent for long, it goes on after the last revision it got, at
 * another member.
 */
export class Watcher {
  readonly name: string;
  readonly revisions = new Revisions();
  /** How many streams it has opened. */
  streams = 0;
  private readonly cluster: Cluster;
  private readonly dice: Dice;
  private readonly options: WatcherOptions;
  private readonly running: Promise<void>;
  private failure: unknown;
  private isStopping = false;
  private wake: () => void = () => {};

  /** Starts at once. */
  constructor(name: string, cluster: Cluster, dice: Dice, options: WatcherOptions) {
    this.name = name;
    this.cluster = cluster;
    this.dice = dice;
    this.options = options;
    this.running = this.run();
  }

  /** Throws what came wrong, if anything. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isStopping && this.failure === undefined) {
      const member = this.dice.pick(this.cluster.voters);
      if (member !== undefined) await this.follow(member);
      await this.pause(RETRY_MS);
    }
  }

  /** Watches through one member until the stream ends, is silent, or it is time to move on. */
  private async follow(member: ClusterMember): Promise<void> {
    const stream = member.client.watch(
      {
        key: EVERYTHING,
        rangeEnd: EVERYTHING,
        startRevision: this.revisions.last + 1,
      },
      { metadata: { hasleader: 'true' } },
    );
    this.streams++;
    const stopListening = stream.stream.onChange(() => this.take(stream));
    const progress = setInterval(() => {
      if (this.options.asksForProgress) stream.send({ progressRequest: {} });
    }, PROGRESS_EVERY_MS);
    const { wanders } = this.options;
    for (let last = -1; last < this.revisions.last && !this.isStopping; ) {
      last = this.revisions.last;
      await this.pause(wanders ? this.dice.between(100, 1200) : 2500);
      if (wanders || stream.stream.ending !== undefined) break;
    }
    clearInterval(progress);
    stopListening();
    stream.cancel();
  }

  private take(stream: WatchStream): void {
    try {
      for (const message of stream.stream.received.splice(0)) {
        this.takeResponse(Watch.methods.watch.response.decode(message));
      }
    } catch (error) {
      this.failure ??= new Error(`watcher ${this.name}: ${String(error)}`, { cause: error });
    }
    if (stream.stream.ending !== undefined || this.failure !== undefined) this.wake();
  }

  private takeResponse(response: WatchResponse): void {
    const { canceled, created, compactRevision, events, header } = response;
    assert.equal(compactRevision, 0, 'nothing was compacted');
    if (canceled) this.wake();
    else this.revisions.append(events);
    if (canceled || created || events.length > 0) return;
    const told = header?.revision ?? 0;
    assert.ok(told <= this.revisions.last, `progress ${told} is ahead of ${this.revisions.last}`);
  }

  private pause(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, longestMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** All revisions up to `revision` as one member tells them to a watch from the first on. */
export async function readRevisions(member: ClusterMember, revision: number): Promise<Revisions> {
  const revisions = new Revisions();
  const request = { key: EVERYTHING, rangeEnd: EVERYTHING, startRevision: 1 };
  const watch = member.client.watch(request);
  try {
    await watch.waitFor(
      `revision ${revision} on ${member.name}`,
      ({ stream }) => {
        for (const message of stream.received.splice(0)) {
          const response = Watch.methods.watch.response.decode(message);
          assert.equal(response.canceled, false, response.cancelReason);
          revisions.append(response.events);
        }
        return revisions.last >= revision;
      },
      20_000,
    );
  } finally {
    watch.cancel();
  }
  return revisions;
}
