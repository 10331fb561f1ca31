import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { GrpcError } from '../../support/grpc.js';
import type { Cluster } from './cluster.js';
import type { ClusterMember } from './cluster-member.js';

/** A client that wants to go on soon gives up on a member after this time and asks again. */
const DEADLINE_MS = 100;
const RETRY_MS = 5;
/** How long a cluster is left in peace before its leader is killed. */
const SETTLE_MS = 1000;
const LONGEST_FAILOVER_MS = 60_000;

/**
 * Kills the leader (SIGKILL) `count` times, and resolves to the milliseconds from each kill to the
 * next acknowledged write of a client that keeps trying all members at once, with short deadlines.
 * The killed member is started again each time.
 */
export async function measureFailovers(cluster: Cluster, count: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let kill = 0; kill < count; kill++) {
    const leader = await cluster.waitForLeader();
    await delay(SETTLE_MS);
    assert.equal(await cluster.waitForLeader(), leader, 'the leader changed by itself');
    await Promise.all(cluster.members.map((member) => write(member, 10_000)));
    const killedAtMs = performance.now();
    const killed = leader.kill();
    timesMs.push((await nextWrite(cluster)) - killedAtMs);
    await killed;
    await leader.start();
  }
  return timesMs;
}

/** The time at which some member acknowledges a write that was sent from now on. */
async function nextWrite(cluster: Cluster): Promise<number> {
  const deadlineMs = performance.now() + LONGEST_FAILOVER_MS;
  let acknowledgedAtMs: number | undefined;
  const attempts = cluster.members.map(async (member) => {
    while (acknowledgedAtMs === undefined && performance.now() < deadlineMs) {
      if (await write(member, DEADLINE_MS)) acknowledgedAtMs ??= performance.now();
      else await delay(RETRY_MS);
    }
  });
  await Promise.all(attempts);
  assert.ok(acknowledgedAtMs !== undefined, `no write within ${LONGEST_FAILOVER_MS} ms of a kill`);
  return acknowledgedAtMs;
}

async function write(member: ClusterMember, timeoutMs: number): Promise<boolean> {
  try {
    await member.client.put('fail-over', 'value', { timeoutMs });
    return true;
  } catch (error) {
    if (error instanceof GrpcError) return false;
    throw error;
  }
}
