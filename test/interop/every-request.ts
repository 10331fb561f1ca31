import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AlarmRequest_AlarmAction,
  AlarmType,
  Cluster as ClusterService,
  Compare_CompareTarget,
  KV,
  Lease,
  Maintenance,
} from '../../src/proto/generated/etcdserverpb.js';
import { type Cluster, waitUntil } from '../cluster/support/cluster.js';
import type { ClusterMember } from '../cluster/support/cluster-member.js';
import { type EtcdClient, prefixEnd } from '../support/etcd-client.js';
import { GrpcError } from '../support/grpc.js';
import { freePorts } from '../support/ports.js';

/** Revisions that a compaction leaves: the watch may lag so far. */
const KEPT_REVISIONS = 500;
const CHANGE_TIMEOUT_MS = 5000;
const DEADLINE_EXCEEDED = 4;
const bytes = (text: string): Buffer => Buffer.from(text);

/** Puts, deletions and transactions through one member, read back through `reader`. */
export async function writeKeys(writer: EtcdClient, reader: EtcdClient): Promise<void> {
  await writer.put('every/a', '1');
  await writer.put('every/a', '2');
  await writer.put('every/b', '1');
  const swap = {
    compare: [{ target: Compare_CompareTarget.VALUE, key: bytes('every/a'), value: bytes('2') }],
    success: [
      { requestPut: { key: bytes('every/a'), value: bytes('3') } },
      { requestPut: { key: bytes('every/c'), value: bytes('3') } },
      { requestDeleteRange: { key: bytes('every/b') } },
      { requestRange: { key: bytes('every/'), rangeEnd: prefixEnd('every/') } },
      { requestTxn: { success: [{ requestPut: { key: bytes('every/d'), value: bytes('4') } }] } },
    ],
    failure: [{ requestPut: { key: bytes('every/e'), value: bytes('never') } }],
  };
  const swapped = await writer.call(KV.methods.txn, swap);
  assert.ok(swapped.succeeded);
  const again = await writer.call(KV.methods.txn, { ...swap, failure: [] });
  assert.ok(!again.succeeded);
  assert.deepEqual(await valuesBelow(reader, 'every/'), ['3', '3', '4']);
  const deletion = { key: bytes('every/'), rangeEnd: prefixEnd('every/'), prevKv: true };
  const { deleted } = await writer.call(KV.methods.deleteRange, deletion);
  assert.equal(deleted, 3);
  assert.deepEqual(await valuesBelow(reader, 'every/'), []);
}

async function valuesBelow(client: EtcdClient, prefix: string): Promise<string[]> {
  const { kvs } = await client.range(prefix);
  return kvs.map(({ value }) => value.toString());
}

/** One lease that is kept alive through every member and revoked, and one that expires. */
export async function useLeases(cluster: Cluster, writer: EtcdClient): Promise<void> {
  const kept = await writer.call(Lease.methods.leaseGrant, { ttl: 60 });
  const short = await writer.call(Lease.methods.leaseGrant, { ttl: 2 });
  await putWithLease(writer, 'lease/kept', kept.id);
  await putWithLease(writer, 'lease/short', short.id);
  for (const { client, name } of cluster.voters) {
    assert.equal(await keepAlive(client, kept.id), 60, `keep-alive through ${name}`);
    const request = { id: kept.id, keys: true };
    const left = await client.call(Lease.methods.leaseTimeToLive, request);
    assert.ok(left.ttl >= 55 && left.grantedTtl === 60, `TTL through ${name}: ${left.ttl}`);
    assert.deepEqual(left.keys.map(String), ['lease/kept'], `keys through ${name}`);
  }
  await waitUntil('the end of a lease', async () => {
    return (await writer.get('lease/short')) === undefined;
  });
  await writer.call(Lease.methods.leaseRevoke, { id: kept.id });
  for (const { client } of cluster.voters) {
    assert.deepEqual(await valuesBelow(client, 'lease/'), []);
    const { leases } = await client.call(Lease.methods.leaseLeases, {});
    assert.ok(!leases.some(({ id }) => id === kept.id || id === short.id));
  }
}

async function putWithLease(client: EtcdClient, key: string, lease: bigint): Promise<void> {
  await client.call(KV.methods.put, { key: bytes(key), value: bytes('leased'), lease });
}

/** The TTL that a keep-alive grants. */
async function keepAlive(client: EtcdClient, id: bigint): Promise<number> {
  const { path, request, response } = Lease.methods.leaseKeepAlive;
  const stream = client.grpc.bidirectional(path);
  stream.send(request.encode({ id }));
  await stream.until(() => stream.received.length > 0, 10_000);
  stream.cancel();
  const [answer] = stream.received;
  if (answer === undefined) throw stream.ending ?? new Error('no answer to a keep-alive');
  return Number(response.decode(answer).ttl);
}

/** Compacts a part of the history; returns the revision. */
export async function compact(client: EtcdClient): Promise<number> {
  const { header } = await client.range('compaction/');
  const revision = Math.max(1, (header?.revision ?? 0) - KEPT_REVISIONS);
  try {
    await client.call(KV.methods.compact, { revision, physical: true });
  } catch (error) {
    // So far it is compacted already.
    if (!(error instanceof GrpcError && error.code === 11)) throw error;
  }
  return revision;
}

/** NOSPACE is raised by hand: writes are refused on every member until it is taken back. */
export async function raiseAlarm(cluster: Cluster, member: ClusterMember): Promise<void> {
  const alarm = { memberId: member.id, alarm: AlarmType.NOSPACE };
  const { ACTIVATE, DEACTIVATE } = AlarmRequest_AlarmAction;
  const { alarm: method } = Maintenance.methods;
  await member.client.call(method, { action: ACTIVATE, ...alarm });
  for (const { client, name } of cluster.voters) {
    const refusal = await client.put('alarm/refused', '1').catch((error: unknown) => error);
    assert.ok(refusal instanceof GrpcError, `${name} took a write`);
    assert.equal(refusal.details, 'etcdserver: mvcc: database space exceeded', name);
  }
  await member.client.call(method, { action: DEACTIVATE, ...alarm });
  for (const { client } of cluster.voters) await client.put('alarm/taken', '1');
}

export async function defragmentAll(cluster: Cluster): Promise<void> {
  for (const { client } of cluster.voters) {
    await client.call(Maintenance.methods.defragment, {}, { timeoutMs: 60_000 });
  }
}

/** Adds a member that never starts, as a learner, changes its URL, and removes it. */
export async function reconfigure(cluster: Cluster, { client }: ClusterMember): Promise<void> {
  const [port = 0, newPort = 0] = await freePorts(2);
  const peerUrls = [`http://127.0.0.1:${port}`];
  const newUrls = [`http://127.0.0.1:${newPort}`];
  const { memberAdd, memberUpdate, memberRemove } = ClusterService.methods;
  const options = { timeoutMs: CHANGE_TIMEOUT_MS };
  await change(() => client.call(memberAdd, { peerUrls, isLearner: true }, options));
  const id = await waitForUrl(client, peerUrls);
  await change(() => client.call(memberUpdate, { id, peerUrls: newUrls }, options));
  // Members before 3.5 tell what they have applied, however they are asked.
  for (const voter of cluster.voters) await waitForUrl(voter.client, newUrls);
  await change(() => client.call(memberRemove, { id }, options));
}

/** The id of the member with these URLs, once a member knows it. */
async function waitForUrl(client: EtcdClient, urls: readonly string[]): Promise<bigint> {
  let id: bigint | undefined;
  await waitUntil(`a member at ${urls.join()}`, async () => {
    const { memberList } = ClusterService.methods;
    const { members } = await client.call(memberList, { linearizable: true });
    id = members.find(({ peerUrls }) => peerUrls.join() === urls.join())?.id;
    return id !== undefined;
  });
  return id ?? 0n;
}

/**
 * Sends a change until it is made. Members that were connected a moment ago only do not count yet. A
 * change that reaches a leader which has not applied the one before is lost without an answer.
 */
async function change(request: () => Promise<unknown>): Promise<void> {
  let isOpen = false;
  for (let attempt = 0; ; attempt++) {
    try {
      await request();
      return;
    } catch (error) {
      if (!(error instanceof GrpcError) || attempt > 60) throw error;
      if (isOpen && /exists|not found/i.test(error.details)) return;
      if (error.code === DEADLINE_EXCEEDED) isOpen = true;
      else if (!/unhealthy cluster/.test(error.details)) throw error;
      await delay(250);
    }
  }
}
