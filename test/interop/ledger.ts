import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { KV } from '../../src/proto/generated/etcdserverpb.js';
import type { Cluster } from '../cluster/support/cluster.js';
import type { ClusterMember } from '../cluster/support/cluster-member.js';
import type { Dice } from '../durability/support/dice.js';
import { GrpcError } from '../support/grpc.js';

const PREFIX = 'ledger/';
const REQUEST_TIMEOUT_MS = 1500;
const PAUSE_MS = 4;
const PAUSE_AFTER_ERROR_MS = 50;
/** After these the outcome is open; anything else is a fault. */
const OPEN_OUTCOMES: ReadonlySet<number> = new Set([1, 2, 4, 8, 13, 14]);

/** A write that was acknowledged: exactly this must be found, and seen by watchers. */
export interface Acknowledged {
  readonly key: string;
  readonly value: string | undefined;
  readonly revision: number;
}

/**
 * Writers that never stop. Each writes keys of its own, one request after the other, so that what is
 * stored in the end follows from what was acknowledged; a key with an open outcome is left alone.
 */
export class Ledger {
  readonly acknowledged: Acknowledged[] = [];
  /** How many requests ended without an answer. */
  openOutcomes = 0;
  private readonly cluster: Cluster;
  private readonly dice: Dice;
  /** What each key must hold; a set of several where the outcome of the last write is open. */
  private readonly expected = new Map<string, ReadonlySet<string | undefined>>();
  private readonly writers: Promise<void>[];
  /** While set, no further requests are made. */
  isPaused = false;
  private isStopping = false;
  private failure: unknown;

  /** Starts at once. */
  constructor(cluster: Cluster, dice: Dice, writers: number) {
    this.cluster = cluster;
    this.dice = dice;
    this.writers = Array.from({ length: writers }, (_, writer) => this.write(writer));
  }

  /** Throws what came wrong, if anything. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.writers);
    this.check();
  }

  /** Compares what a member holds with what was acknowledged; nobody may write meanwhile. */
  async verify(member: ClusterMember): Promise<void> {
    const { kvs } = await member.client.range(PREFIX);
    const stored = new Map(kvs.map(({ key, value }) => [key.toString(), value.toString()]));
    for (const [key, allowed] of this.expected) {
      const value = stored.get(key);
      const wanted = [...allowed].map(String).join(' or ');
      assert.ok(allowed.has(value), `${key} on ${member.name} holds ${value}, not ${wanted}`);
      stored.delete(key);
    }
    assert.equal(stored.size, 0, `${member.name} holds keys that nobody wrote`);
  }

  private async write(writer: number): Promise<void> {
    try {
      for (let count = 0; !this.isStopping; count++) {
        if (!this.isPaused) await this.writeOnce(`${PREFIX}${writer}/`, count);
        await delay(PAUSE_MS);
      }
    } catch (error) {
      this.failure ??= error;
      this.isStopping = true;
    }
  }

  private async writeOnce(prefix: string, count: number): Promise<void> {
    const member = this.dice.pick(this.cluster.voters.filter(({ isServing }) => isServing));
    if (member === undefined) return;
    const isOld = count > 20 && this.dice.chance(40);
    const key = prefix + (isOld ? this.dice.below(count) : count);
    const before = this.expected.get(key) ?? new Set([undefined]);
    if (before.size > 1) return;
    const value = isOld && this.dice.chance(40) ? undefined : `${member.name}-${count}`;
    try {
      const revision = await send(member, key, value);
      this.expected.set(key, new Set([value]));
      // A deletion of nothing is no event.
      if (value === undefined && before.has(undefined)) return;
      this.acknowledged.push({ key, value, revision });
    } catch (error) {
      if (!(error instanceof GrpcError && OPEN_OUTCOMES.has(error.code))) throw error;
      this.expected.set(key, new Set([...before, value]));
      this.openOutcomes++;
      await delay(PAUSE_AFTER_ERROR_MS);
    }
  }
}

/** Returns the revision of the write. */
async function send(
  { client }: ClusterMember,
  key: string,
  value: string | undefined,
): Promise<number> {
  const options = { timeoutMs: REQUEST_TIMEOUT_MS };
  if (value !== undefined) return await client.put(key, value, options);
  const request = { key: Buffer.from(key) };
  const { header } = await client.call(KV.methods.deleteRange, request, options);
  return header?.revision ?? 0;
}
