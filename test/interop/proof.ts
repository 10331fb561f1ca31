import assert from 'node:assert/strict';
import { Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { type AddOptions, Cluster, waitUntil } from '../cluster/support/cluster.js';
import type { ClusterMember } from '../cluster/support/cluster-member.js';
import { Dice } from '../durability/support/dice.js';
import type { Cleanup } from '../support/cleanup.js';
import type { Program } from '../support/programs.js';
import * as everyRequest from './every-request.js';
import { Ledger } from './ledger.js';
import { peerHash } from './peer-hash.js';
import type { Report } from './report.js';
import { WatchAcross } from './watch-across.js';

const WRITERS = 4;

export interface ProofOptions {
  readonly founders: Program;
  /** Founds the cluster together with `founders`, in turn. */
  readonly coFounders?: Program;
  readonly founderFlags: readonly string[];
  readonly seed: number;
}

/** A cluster of mixed programs under steady load, and the steps that scenarios are made of. */
export class Proof {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly report: Report;
  private readonly watch: WatchAcross;

  private constructor(cluster: Cluster, report: Report, seed: number) {
    this.cluster = cluster;
    this.report = report;
    const dice = new Dice(seed);
    this.ledger = new Ledger(cluster, dice, WRITERS);
    this.watch = new WatchAcross(cluster, dice, 1);
  }

  /** Founds a cluster of three members. */
  static async start(cleanup: Cleanup, report: Report, options: ProofOptions): Promise<Proof> {
    const { founders, coFounders = founders, founderFlags: flags, seed } = options;
    const programs = [founders, coFounders];
    const labels = programs.map(({ label }) => label);
    const cluster = await report.step(
      `three members of ${[...new Set(labels)].join(' and ')} found a cluster`,
      () => Cluster.start(cleanup, { size: 3, programs, flags }),
      (started) => `leader ${started.members.map(({ name }) => name).join()}`,
    );
    const proof = new Proof(cluster, report, seed);
    // Before the cluster is ended.
    cleanup.after(async () => {
      await Promise.allSettled([proof.ledger.stop(), proof.watch.stop()]);
    });
    return proof;
  }

  /** Lets the load go on until so many more writes are acknowledged. */
  async progress(writes = 100): Promise<void> {
    const wanted = this.ledger.acknowledged.length + writes;
    await waitUntil(
      `${writes} more writes`,
      () => {
        this.ledger.check();
        this.watch.check();
        return this.ledger.acknowledged.length >= wanted;
      },
      60_000,
    );
  }

  /** All members, learners too, have the same content; says at which revision. */
  hashesAgree(): Promise<number> {
    return this.report.step(
      `HashKV agrees on ${this.cluster.members.map(({ name }) => name).join(', ')}`,
      async () => {
        const [first] = this.cluster.voters;
        assert.ok(first !== undefined);
        const { header } = await first.client.range('hash/');
        const revision = header?.revision ?? 0;
        const wanted = await peerHash(first, revision);
        for (const member of this.cluster.members) {
          const hash = await peerHash(member, revision);
          assert.equal(hash, wanted, `hash of ${member.name} at ${revision}`);
        }
        return revision;
      },
      (revision) => `revision ${revision}`,
    );
  }

  async join(name: string, options: AddOptions & { program: Program }): Promise<ClusterMember> {
    const member = await this.report.step(
      `${name} (${options.program.label}) joins as a learner`,
      () => this.cluster.add(name, { isLearner: true, ...options }),
    );
    await this.hashesAgree();
    await this.report.step(`${name} is promoted`, () => this.cluster.promote(member));
    return member;
  }

  /** Hands the leadership to a member, with writes going on. */
  async lead(member: ClusterMember): Promise<void> {
    await this.report.step(`${member.name} becomes leader by move-leader`, async () => {
      await this.cluster.reconfigure(async () => {
        const leader = await this.cluster.waitForLeader();
        if (leader === member) return;
        await leader.client.call(Maintenance.methods.moveLeader, { targetId: member.id });
      });
      assert.equal((await this.cluster.waitForLeader()).name, member.name);
      await this.progress();
    });
  }

  /** Requests of all kinds through one member. */
  async useAll(member: ClusterMember): Promise<void> {
    const { cluster, report } = this;
    const { client, name } = member;
    await report.step(`${name}: puts, deletes, txns`, async () => {
      for (const reader of cluster.voters) await everyRequest.writeKeys(client, reader.client);
    });
    await report.step(`${name}: leases granted, kept alive, expired, revoked`, () =>
      everyRequest.useLeases(cluster, client),
    );
    await report.step(`${name}: alarm raised and taken back`, () =>
      everyRequest.raiseAlarm(cluster, member),
    );
    await report.step(`${name}: another member added, updated, removed`, () =>
      everyRequest.reconfigure(cluster, member),
    );
    await report.step(`${name}: defragmentation of all`, () => everyRequest.defragmentAll(cluster));
    await report.step(
      `${name}: compaction`,
      () => everyRequest.compact(client),
      (revision) => `revision ${revision}`,
    );
    await this.hashesAgree();
  }

  /** kill -9, some writes of the others, and a start on the same data. */
  async crash(member: ClusterMember, role: string): Promise<void> {
    await this.report.step(`${member.name} is killed as ${role}`, async () => {
      await member.kill();
      await this.progress();
    });
    await this.report.step(`${member.name} starts again`, async () => {
      await member.start();
      await this.cluster.waitForLeader();
      await this.progress();
    });
    await this.hashesAgree();
  }

  async remove(member: ClusterMember): Promise<void> {
    await this.report.step(`${member.name} is removed and ends by itself`, async () => {
      await this.cluster.remove(member);
      await this.progress();
    });
  }

  /** Stops the load and compares all that was acknowledged with every member and the watch. */
  async finish(): Promise<void> {
    await this.progress();
    await this.ledger.stop();
    await this.hashesAgree();
    const { acknowledged, openOutcomes } = this.ledger;
    await this.report.step(
      'nothing acknowledged is lost, on no member',
      async () => {
        for (const member of this.cluster.voters) await this.ledger.verify(member);
      },
      () => `${acknowledged.length} acknowledged, ${openOutcomes} open`,
    );
    await this.report.step(
      'the watch across all members saw each write once and in order',
      () => this.watch.finish(acknowledged),
      () => `${this.watch.eventCount} events`,
    );
  }
}
