import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Dice } from '../../durability/support/dice.js';
import { CleanupList } from '../../support/cleanup.js';
import { etcdVersion, type Program } from '../../support/programs.js';
import { Cluster, type ClusterOptions, waitUntil } from './cluster.js';
import { Load, type LoadOptions } from './load.js';
import { checkRegisters } from './register.js';
import { checkRevisions } from './revision-check.js';
import type { Revisions } from './revisions.js';
import { readRevisions, Watcher } from './watcher.js';

/** KVORUM_TEST_LONG=1: more rounds and more load. */
export const isLong = process.env.KVORUM_TEST_LONG === '1';
/** KVORUM_TEST_SEED repeats the random choices (not the timing) of a run. */
export const seed = Number(process.env.KVORUM_TEST_SEED ?? Date.now() % 1_000_000);

const LOAD: LoadOptions = { workers: isLong ? 10 : 6, longestPauseMs: 25 };
const PROGRESS_WRITES = isLong ? 150 : 30;

/**
 * A cluster under load, with watchers, while a test does things to it; and the checks of all that its
 * clients saw.
 *
 *     const run = await ClusterRun.start(context, { size: 3 });
 *     const leader = await run.cluster.waitForLeader();
 *     await leader.kill();
 *     await run.progress();
 *     await leader.start();
 *     await run.finish();
 */
export class ClusterRun {
  readonly cluster: Cluster;
  readonly load: Load;
  readonly dice: Dice;
  private readonly context: TestContext;
  private readonly watchers: readonly Watcher[];

  private constructor(context: TestContext, cluster: Cluster, load: Partial<LoadOptions>) {
    this.context = context;
    this.cluster = cluster;
    this.dice = new Dice(seed);
    this.load = new Load(cluster, this.dice, { ...LOAD, ...load });
    const steady = { wanders: false, asksForProgress: false };
    const restless = { wanders: true, asksForProgress: keepsProgressBehindEvents(cluster.program) };
    this.watchers = [
      new Watcher('steady', cluster, this.dice, steady),
      new Watcher('restless', cluster, this.dice, restless),
    ];
  }

  /** Starts the cluster and its load, and waits until that is well under way. */
  static async start(
    context: TestContext,
    options: ClusterOptions,
    load: Partial<LoadOptions> = {},
  ): Promise<ClusterRun> {
    context.diagnostic(`again with KVORUM_TEST_SEED=${seed}`);
    const cleanup = new CleanupList();
    context.after(() => cleanup.run());
    const cluster = await Cluster.start(cleanup, options);
    const run = new ClusterRun(context, cluster, load);
    // Before the cluster is ended.
    cleanup.after(() => run.stop());
    await run.progress();
    return run;
  }

  /** A line beside the test's result. */
  diagnostic(text: string): void {
    this.context.diagnostic(text);
  }

  /** Waits until so many more writes have been acknowledged: the cluster works. */
  async progress(writes = PROGRESS_WRITES): Promise<void> {
    const wanted = this.load.acknowledgedWrites + writes;
    try {
      await waitUntil(`${writes} more writes`, () => {
        this.load.check();
        for (const watcher of this.watchers) watcher.check();
        return this.load.acknowledgedWrites >= wanted;
      });
    } catch (error) {
      await this.reportMembers();
      throw error;
    }
  }

  /** Waits until no write is acknowledged any more for a while: there is no quorum. */
  async standstill(durationMs = 2500): Promise<void> {
    let [last, sinceMs] = [-1, 0];
    await waitUntil('a standstill', () => {
      const { acknowledgedWrites } = this.load;
      if (acknowledgedWrites !== last) [last, sinceMs] = [acknowledgedWrites, performance.now()];
      return performance.now() - sinceMs > durationMs;
    });
  }

  /**
   * Ends the faults' test: all members must work by now. Lets the load go on a little, stops it, and
   * checks that all members have the same content, that it explains all that clients saw, and that
   * watchers saw all of it.
   */
  async finish(): Promise<void> {
    await this.progress();
    await this.load.stop();
    this.load.check();
    const revisions = await this.finalRevisions();
    checkRevisions(revisions, this.load.operations);
    checkRegisters(this.load.operations);
    for (const watcher of this.watchers) {
      await waitUntil(`watcher ${watcher.name} at ${revisions.last}`, () => {
        watcher.check();
        return watcher.revisions.last >= revisions.last;
      });
      await watcher.stop();
      requireSame(watcher.revisions, revisions, `watcher ${watcher.name}`);
    }
    this.report(revisions);
  }

  /** All that was ever written, which all members tell alike. */
  private async finalRevisions(): Promise<Revisions> {
    const { members } = this.cluster;
    const [first, ...others] = members;
    assert.ok(first !== undefined, 'there are no members');
    for (const { isServing, name } of members) assert.ok(isServing, `${name} does not run`);
    const last = await this.lastRevision();
    const hash = await this.cluster.hashAt(first, last);
    const revisions = await readRevisions(first, last);
    for (const member of others) {
      assert.equal(await this.cluster.hashAt(member, last), hash, `hash of ${member.name}`);
      requireSame(await readRevisions(member, last), revisions, member.name);
    }
    assert.equal(await this.lastRevision(), last, 'something was written after the load had ended');
    return revisions;
  }

  /** The revision of a linearizable read. */
  private async lastRevision(): Promise<number> {
    const leader = await this.cluster.waitForLeader();
    const { header } = await leader.client.range('');
    return header?.revision ?? 0;
  }

  private async stop(): Promise<void> {
    await this.load.stop();
    for (const watcher of this.watchers) await watcher.stop();
  }

  /** What a failure is understood by: the state of each member, and what clients were told. */
  private async reportMembers(): Promise<void> {
    const { cluster, load, context } = this;
    for (const member of cluster.members) {
      const status = await cluster.status(member);
      const { leader = 0n, raftTerm, raftIndex, raftAppliedIndex } = status ?? {};
      const raft = `term ${raftTerm}, index ${raftIndex}, applied ${raftAppliedIndex}`;
      const answer = `leader ${leader.toString(16)}, ${raft}`;
      const { life, id, isServing } = member;
      const state = isServing ? (status === undefined ? 'does not answer' : answer) : 'is not up';
      context.diagnostic(`${life} ${id.toString(16)}: ${state}`);
    }
    context.diagnostic(`${load.acknowledgedWrites} writes of ${load.operations.length} operations`);
    this.reportErrors();
  }

  private reportErrors(): void {
    for (const [text, count] of this.load.errors) this.context.diagnostic(`${count} × ${text}`);
  }

  private report(revisions: Revisions): void {
    const { operations } = this.load;
    const open = operations.filter(({ answer }) => answer === undefined).length;
    const streams = this.watchers.map(({ name, streams }) => `${name} ${streams}`).join(', ');
    this.context.diagnostic(
      `${operations.length} operations, ${open} without an answer, ${revisions.last} revisions, ` +
        `watch streams: ${streams}`,
    );
    this.reportErrors();
  }
}

/** etcd's releases before 3.4.25 tell progress that is ahead of events still to come. */
function keepsProgressBehindEvents(program: Program): boolean {
  const [, minor, patch] = etcdVersion(program).split('.').map(Number);
  return !(minor === 4 && (patch ?? 0) < 25);
}

function requireSame(actual: Revisions, expected: Revisions, who: string): void {
  assert.equal(actual.last, expected.last, `last revision of ${who}`);
  for (let revision = 2; revision <= expected.last; revision++) {
    assert.deepEqual(actual.at(revision), expected.at(revision), `revision ${revision}, ${who}`);
  }
}
