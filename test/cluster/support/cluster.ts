import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Cluster as ClusterService,
  Maintenance,
  type MemberAddResponse,
  type StatusResponse,
} from '../../../src/proto/generated/etcdserverpb.js';
import type { Cleanup } from '../../support/cleanup.js';
import type { EtcdClient } from '../../support/etcd-client.js';
import { makeTemporaryFolder, removeFolder } from '../../support/folders.js';
import { GrpcError } from '../../support/grpc.js';
import { freePorts } from '../../support/ports.js';
import { type Program, serverUnderTest } from '../../support/programs.js';
import { ClusterMember } from './cluster-member.js';
import { PeerNetwork } from './peer-network.js';
import { processBehind } from './sockets.js';

export interface ClusterOptions {
  size: number;
  program?: Program;
  /** One for each founding member, in turn, instead of `program`. */
  programs?: readonly Program[];
  /** Flags of every member. */
  flags?: readonly string[];
  /** Peers reach each other through `cluster.network`, which can be cut; default false. */
  withNetwork?: boolean;
}

/** How a member joins a cluster; program and flags are the cluster's unless given. */
export interface AddOptions {
  isLearner?: boolean;
  program?: Program;
  flags?: readonly string[];
}

const STATUS_TIMEOUT_MS = 1000;
const POLL_MS = 30;
/** Only what never comes is late: the machine may be busy with other things. */
const WAIT_MS = 60_000;
/** Reconfiguration is refused for some seconds after a member (re)connects. */
const RECONFIGURATION_WAIT_MS = 40_000;

/**
 * Some members on 127.0.0.1 that form one cluster, started from one `--initial-cluster`. All of it is
 * killed and removed when `cleanup` ends.
 */
export class Cluster {
  readonly network: PeerNetwork | undefined;
  readonly program: Program;
  private readonly folder = makeTemporaryFolder();
  private readonly flags: readonly string[];
  /** Also those that were removed: their processes must be ended as well. */
  private readonly everyone: ClusterMember[] = [];
  private current: ClusterMember[] = [];

  private constructor(options: ClusterOptions) {
    this.program = options.program ?? serverUnderTest();
    this.flags = options.flags ?? [];
    if (options.withNetwork === true) {
      this.network = new PeerNetwork((connection) => this.dialerOf(connection));
    }
  }

  /** Starts a new cluster and waits until it has a leader that all know. */
  static async start(cleanup: Cleanup, options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    cleanup.after(() => cluster.end());
    for (let index = 0; index < options.size; index++) {
      const program = options.programs?.[index % options.programs.length] ?? cluster.program;
      cluster.current.push(await cluster.newMember(`m${index + 1}`, { program }));
    }
    const initial = cluster.current.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join();
    for (const member of cluster.current) member.create(initial, 'new');
    await Promise.all(cluster.current.map((member) => member.start()));
    await cluster.waitForLeader();
    return cluster;
  }

  /** The members of the cluster, running or not. */
  get members(): readonly ClusterMember[] {
    return this.current;
  }

  /** The members that serve clients when all is well: all but learners. */
  get voters(): readonly ClusterMember[] {
    return this.current.filter(({ isLearner }) => !isLearner);
  }

  /** Those that run and are not paused. */
  get running(): readonly ClusterMember[] {
    return this.current.filter(({ isServing }) => isServing);
  }

  /** The members but the given ones. */
  others(...excluded: readonly ClusterMember[]): ClusterMember[] {
    return this.current.filter((member) => !excluded.includes(member));
  }

  /** Waits until all of `members` (those that run) name the same leader, one of them; returns it. */
  async waitForLeader(members = this.running): Promise<ClusterMember> {
    let leader: ClusterMember | undefined;
    await waitUntil(`a leader of ${members.map(({ name }) => name).join()}`, async () => {
      const statuses = await Promise.all(members.map((member) => this.status(member)));
      const ids = new Set(statuses.map((status) => status?.leader));
      leader = members.find(({ id }) => ids.size === 1 && ids.has(id));
      return leader !== undefined;
    });
    assert.ok(leader !== undefined);
    return leader;
  }

  /** A member that does not lead. */
  async follower(): Promise<ClusterMember> {
    const leader = await this.waitForLeader();
    const follower = this.running.find((member) => member !== leader);
    assert.ok(follower !== undefined, 'there is no follower');
    return follower;
  }

  /** What a member says of itself; undefined when it does not answer. */
  async status(member: ClusterMember): Promise<StatusResponse | undefined> {
    try {
      const status = await member.client.call(
        Maintenance.methods.status,
        {},
        { timeoutMs: STATUS_TIMEOUT_MS },
      );
      member.id = status.header?.memberId ?? 0n;
      return status;
    } catch (error) {
      if (error instanceof GrpcError) return undefined;
      throw error;
    }
  }

  /** Adds a member and starts it. A learner must be promoted before it serves. */
  async add(name: string, options: AddOptions = {}): Promise<ClusterMember> {
    const member = await this.newMember(name, options);
    const { isLearner = false } = options;
    const request = { peerUrls: [member.peerUrl], isLearner };
    const { members }: MemberAddResponse = await this.reconfigure((client) =>
      client.call(ClusterService.methods.memberAdd, request, { timeoutMs: 10_000 }),
    );
    const initial = members.flatMap((each) =>
      each.peerUrls.map((url) => `${each.name === '' ? name : each.name}=${url}`),
    );
    member.create(initial.join(), 'existing');
    member.isLearner = isLearner;
    this.current.push(member);
    await member.start();
    await waitUntil(
      `${name} to know itself`,
      async () => (await this.status(member)) !== undefined,
    );
    return member;
  }

  /** Makes a learner a voter, as soon as it has caught up, and waits until it knows. */
  async promote(member: ClusterMember): Promise<void> {
    await this.reconfigure((client) =>
      client.call(ClusterService.methods.memberPromote, { id: member.id }, { timeoutMs: 10_000 }),
    );
    await waitUntil(`${member.name} to know that it is no learner`, async () => {
      const status = await this.status(member);
      return status?.isLearner === false;
    });
    member.isLearner = false;
  }

  /** Removes a member; if it runs, it must end by itself. */
  async remove(member: ClusterMember): Promise<void> {
    const { id, isServing } = member;
    this.current = this.others(member);
    await this.reconfigure((client) =>
      client.call(ClusterService.methods.memberRemove, { id }, { timeoutMs: 10_000 }),
    );
    if (isServing) await member.waitForOwnEnd();
  }

  /** The hash of all revisions up to one, once the member has it. Waits for that. */
  async hashAt(member: ClusterMember, revision: number): Promise<number> {
    let hash = 0;
    await waitUntil(`revision ${revision} on ${member.name}`, async () => {
      try {
        const request = { revision: BigInt(revision) };
        const answer = await member.client.call(Maintenance.methods.hashKv, request);
        hash = answer.hash;
        return true;
      } catch (error) {
        if (error instanceof GrpcError) return false;
        throw error;
      }
    });
    return hash;
  }

  /** Asks any member to change the membership, again and again while the cluster is not ready. */
  async reconfigure<T>(request: (client: EtcdClient) => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + RECONFIGURATION_WAIT_MS;
    for (let attempt = 0; ; attempt++) {
      const candidates = this.running.filter(({ isLearner }) => !isLearner);
      const member = candidates[attempt % candidates.length];
      assert.ok(member !== undefined, 'no member runs');
      try {
        return await request(member.client);
      } catch (error) {
        const isPassing = error instanceof GrpcError && PASSING_CODES.has(error.code);
        if (!isPassing || performance.now() > deadlineMs) throw error;
        await delay(200);
      }
    }
  }

  private async newMember(name: string, options: AddOptions = {}): Promise<ClusterMember> {
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const advertisedPort = (await this.network?.listen(name, peerPort)) ?? peerPort;
    const count = this.everyone.length;
    const member = new ClusterMember({
      name,
      program: options.program ?? this.program,
      folder: join(this.folder, `${count}-${name}`),
      flags: options.flags ?? this.flags,
      ports: { client: clientPort, peer: peerPort, advertisedPeer: advertisedPort },
    });
    this.everyone.push(member);
    return member;
  }

  private dialerOf(connection: { remotePort: number; localPort: number }): string | undefined {
    const byPid = new Map<number, string>();
    for (const { pid, name } of this.everyone) if (pid !== undefined) byPid.set(pid, name);
    const pid = processBehind(connection, [...byPid.keys()]);
    return pid === undefined ? undefined : byPid.get(pid);
  }

  private async end(): Promise<void> {
    await Promise.all(this.everyone.map((member) => member.end()));
    this.network?.close();
    removeFolder(this.folder);
  }
}

/** Unavailable, deadline exceeded, and "not ready yet" (FailedPrecondition). */
const PASSING_CODES: ReadonlySet<number> = new Set([4, 9, 14]);

/** Asks until it holds. Throws when it does not for a minute. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = WAIT_MS,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(POLL_MS);
  }
}
