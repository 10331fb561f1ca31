import assert from 'node:assert/strict';
import { waitUntil } from '../cluster/support/cluster.js';
import type { ClusterMember } from '../cluster/support/cluster-member.js';
import type { Cleanup } from '../support/cleanup.js';
import type { Program } from '../support/programs.js';
import { Proof, type ProofOptions } from './proof.js';
import type { Report } from './report.js';

export interface JoinOptions extends ProofOptions {
  readonly newcomer: Program;
  readonly newcomerFlags: readonly string[];
  readonly catchUp: 'log' | 'snapshot';
}

/** More than the founders keep of their log where they are told to keep little … */
const WRITES_BEFORE_JOIN = 600;
/** … and few enough that etcd still has the first entry: it drops that after 100. */
const WRITES_STILL_IN_LOG = 20;

/**
 * A member of another program joins three, is promoted, leads, serves everything, is killed as leader
 * and as follower, steps back and leaves.
 */
export async function join(cleanup: Cleanup, report: Report, options: JoinOptions): Promise<void> {
  const { newcomer: program, newcomerFlags: flags, catchUp } = options;
  const proof = await Proof.start(cleanup, report, options);
  await proof.progress(catchUp === 'snapshot' ? WRITES_BEFORE_JOIN : WRITES_STILL_IN_LOG);
  proof.ledger.isPaused = catchUp === 'log';
  const [first, second] = proof.cluster.members;
  assert.ok(first !== undefined && second !== undefined);
  const member = await proof.join('newcomer', { program, flags });
  proof.ledger.isPaused = false;
  await report.step(`newcomer has caught up by ${catchUp}`, async () => {
    const counted = await snapshotsCounted(proof.cluster.members);
    assert.equal(counted.length > 0, catchUp === 'snapshot', counted.join('\n'));
  });
  await proof.useAll(first);
  await proof.lead(member);
  await proof.useAll(member);
  const { founders, founderFlags } = options;
  const late = await proof.join('late', { program: founders, flags: founderFlags });
  await proof.remove(late);
  await proof.useAll(second);
  await proof.crash(member, 'leader');
  await proof.lead(member);
  await proof.crash(second, 'follower of newcomer');
  await proof.lead(second);
  await proof.crash(member, 'follower');
  await proof.crash(second, 'leader');
  await proof.useAll(member);
  await proof.lead(first);
  await proof.remove(member);
  await proof.finish();
}

export interface ReplaceOptions extends ProofOptions {
  readonly replacement: Program;
  readonly replacementFlags: readonly string[];
  /** Whether the founders' program can live in the cluster of their replacements. */
  readonly andBack: boolean;
}

/** All members are replaced one by one by those of another program, and perhaps back. */
export async function replaceAll(
  cleanup: Cleanup,
  report: Report,
  options: ReplaceOptions,
): Promise<void> {
  const proof = await Proof.start(cleanup, report, options);
  await proof.progress(WRITES_BEFORE_JOIN);
  const { founders, founderFlags, replacement, replacementFlags, andBack } = options;
  const rounds = [
    { program: replacement, flags: replacementFlags },
    ...(andBack ? [{ program: founders, flags: founderFlags }] : []),
  ];
  for (const [round, { program, flags }] of rounds.entries()) {
    for (const old of [...proof.cluster.members]) {
      const name = `${old.name.slice(0, 2)}-${round + 1}`;
      await proof.join(name, { program, flags });
      await proof.remove(old);
    }
    await waitUntil('a leader', async () => (await proof.cluster.waitForLeader()).isServing);
    for (const member of proof.cluster.members) await proof.useAll(member);
  }
  await proof.finish();
}

/** Members of both programs found a cluster; each leads, is killed and starts again. */
export async function foundTogether(
  cleanup: Cleanup,
  report: Report,
  options: ProofOptions,
): Promise<void> {
  const proof = await Proof.start(cleanup, report, options);
  for (const member of [...proof.cluster.members]) {
    await proof.lead(member);
    await proof.useAll(member);
    await proof.crash(member, 'leader');
    await proof.useAll(member);
  }
  await proof.finish();
}

/** A member of an older release is added to a cluster whose version is above its own: it gives up. */
export async function refuse(
  cleanup: Cleanup,
  report: Report,
  options: JoinOptions,
): Promise<void> {
  const { newcomer: program, newcomerFlags: flags } = options;
  const proof = await Proof.start(cleanup, report, options);
  await report.step(`${program.label} refuses to join`, async () => {
    const join = proof.cluster.add('newcomer', { isLearner: true, program, flags });
    await assert.rejects(join, /incompatible with current running cluster/);
  });
}

/** The snapshots that these have sent and received, as their metrics tell. */
async function snapshotsCounted(members: readonly ClusterMember[]): Promise<string[]> {
  const counters: string[] = [];
  for (const { clientPort, name } of members) {
    const response = await fetch(`http://127.0.0.1:${clientPort}/metrics`);
    const text = response.ok ? await response.text() : '';
    const counted = text.match(/^etcd_network_snapshot_(send|receive)_success\{.*\} [1-9].*/gm);
    for (const line of counted ?? []) counters.push(`${name}: ${line}`);
  }
  return counters;
}
