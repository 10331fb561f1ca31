import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EtcdClient } from '../support/etcd-client.js';
import { type Member, startMember } from '../support/member.js';
import { Dice } from './support/dice.js';
import { Observer } from './support/observer.js';
import { Settlement } from './support/settlement.js';
import { Verifier } from './support/verify.js';
import { type Compactions, Workload } from './support/workload.js';

const isLong = process.env.KVORUM_TEST_LONG === '1';
const KILLS = Number(process.env.KVORUM_TEST_KILLS ?? (isLong ? '60' : '5'));
const SEED = Number(process.env.KVORUM_TEST_SEED ?? Date.now() % 1_000_000);
/** The load runs for up to this long before the kill. */
const LONGEST_LOAD_MS = 2500;
/** A start takes about half a second; kills fall into all parts of it. */
const LONGEST_START_MS = 700;
/** Every so many kills the load runs longer than the interval in which old log files are removed. */
const PURGING_LOAD_EVERY = 20;
const PURGING_LOAD_MS = 33_000;
const FLAGS = [
  // Small, so that the log is cut many times and kills fall into that, too.
  '--snapshot-count=60',
  '--snapshot-catchup-entries=20',
  '--max-wals=1',
];

test(`nothing acknowledged is lost in ${KILLS} kills under load`, async (context) => {
  context.diagnostic(`again with KVORUM_TEST_SEED=${SEED}`);
  const run = new Run(context, new Dice(SEED), await startMember(context, { flags: FLAGS }));
  await run.verify();
  for (let kill = 1; kill <= KILLS; kill++) {
    await run.loadUntilKilled(kill);
    await run.restart();
    await run.verify();
    if (kill % 2 === 0) await run.restartCleanly();
  }
  await run.waitForShortLeases();
  run.report();
});

/** One member, killed and started again, and everything that its clients know of it. */
class Run {
  private readonly context: TestContext;
  private readonly dice: Dice;
  private readonly member: Member;
  private readonly observer = new Observer();
  private readonly settlement = new Settlement(this.observer.history);
  private readonly compactions: Compactions = { requested: new Set(), acknowledged: 0 };
  private readonly verifier: Verifier;
  private client: EtcdClient;
  private earlyKills = 0;

  constructor(context: TestContext, dice: Dice, member: Member) {
    this.context = context;
    this.dice = dice;
    this.member = member;
    this.verifier = new Verifier(this.parts());
    this.client = new EtcdClient(member.clientAddress);
    this.observer.resume(this.client);
    context.after(() => this.disconnect());
  }

  async loadUntilKilled(kill: number): Promise<void> {
    const workload = new Workload(`t${kill}`, this.member.clientAddress, this.parts());
    const isPurging = kill % PURGING_LOAD_EVERY === 0;
    await delay(isPurging ? PURGING_LOAD_MS : this.dice.between(30, LONGEST_LOAD_MS));
    assert.ok(this.member.isRunning, `the member ended by itself:\n${this.member.output}`);
    await this.member.kill();
    await workload.stop();
    this.disconnect();
  }

  /** Starts the member, in half of the cases after some starts that are killed, too. */
  async restart(): Promise<void> {
    while (this.dice.chance(50)) {
      const started = this.member.start().catch(() => {});
      await delay(this.dice.below(LONGEST_START_MS));
      await this.member.kill();
      await started;
      this.earlyKills++;
    }
    await this.member.start();
    this.connect();
  }

  async verify(): Promise<void> {
    await this.verifier.verify(this.client);
  }

  /** After SIGTERM everything is as before, down to the hash of all revisions. */
  async restartCleanly(): Promise<void> {
    const revision = this.observer.history.lastRevision;
    const before = await this.verifier.hash(this.client, revision);
    this.disconnect();
    await this.member.stop();
    await this.member.start();
    this.connect();
    assert.deepEqual(await this.verifier.hash(this.client, revision), before);
    await this.verify();
  }

  /** Leases that were not renewed end, however often the member was killed. */
  async waitForShortLeases(): Promise<void> {
    const short = (): bigint[] =>
      [...this.settlement.leases.values()]
        .filter((lease) => lease.ttlSeconds < 60)
        .map((lease) => lease.id);
    for (let attempt = 0; attempt < 60; attempt++) {
      const alive = await this.verifier.aliveLeases(this.client);
      if (!short().some((id) => alive.has(id))) return this.verify();
      await delay(250);
    }
    assert.fail('leases did not run out');
  }

  report(): void {
    const revision = this.observer.history.lastRevision;
    this.context.diagnostic(
      `${revision} revisions, ${this.settlement.leases.size} leases, ` +
        `${this.compactions.requested.size} compactions, ${this.earlyKills} kills while starting`,
    );
  }

  private parts() {
    const { observer, settlement, compactions, dice } = this;
    return { observer, settlement, compactions, dice };
  }

  private connect(): void {
    this.client = new EtcdClient(this.member.clientAddress);
    this.observer.resume(this.client);
  }

  private disconnect(): void {
    this.observer.check();
    this.observer.stop();
    this.client.close();
  }
}
