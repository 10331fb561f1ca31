import assert from 'node:assert/strict';
import { type Random, seededRandom } from '../../../src/base/random.js';
import {
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfState,
  EMPTY_BYTES,
  type NodeId,
  ProposalDroppedError,
  type RaftOptions,
} from '../../../src/raft/index.js';
import { jointVoteResult } from '../../../src/raft/quorum/joint.js';
import { VoteResult } from '../../../src/raft/quorum/majority.js';
import { Cluster } from './cluster.js';
import type { Member } from './member.js';

/** A random program: what the group is like, and what happens to it. */
export interface ChaosPlan {
  readonly members: number;
  readonly spares: number;
  readonly raft: Partial<RaftOptions>;
  /** How often things go wrong, in per mille of the steps each. */
  readonly crashes: number;
  readonly partitions: number;
  readonly changes: number;
  /** One number per step, from which all of its choices follow. */
  readonly steps: readonly number[];
}

/** Messages beyond this are lost, oldest first: a network has limits too. */
const MAX_NETWORK = 400;

const MAX_RECOVERY_ROUNDS = 600;

/** Runs a plan. What must always hold is checked all along, by the cluster's safety checker. */
export class Chaos {
  readonly cluster: Cluster;
  readonly #plan: ChaosPlan;
  #proposals = 0;

  constructor(plan: ChaosPlan) {
    this.#plan = plan;
    const members = plan.members + plan.spares;
    this.cluster = new Cluster({ members, voters: plan.members, raft: plan.raft });
  }

  run(): void {
    for (const seed of this.#plan.steps) this.#step(seededRandom(seed));
  }

  #step(random: Random): void {
    const { crashes, partitions, changes } = this.#plan;
    const dice = random.below(1000);
    const member = this.#anyMember(random);
    if (dice < crashes) this.#crash(member, random);
    else if (dice < crashes + partitions) this.#cut(random);
    else if (dice < crashes + partitions + changes) this.#changeMembership(member, random);
    else this.#ordinaryStep(member, random);
    const touched = this.cluster.members;
    for (const other of touched) if (random.below(100) < 70) other.handleReadies();
    while (this.cluster.network.length > MAX_NETWORK) this.#dropOldest();
  }

  #ordinaryStep(member: Member, random: Random): void {
    const dice = random.below(100);
    if (member.raw === undefined) {
      if (dice < 30) member.start();
    } else if (dice < 40) this.#deliverSome(random);
    else if (dice < 55) member.processAppend();
    else if (dice < 70) member.processApply();
    else if (dice < 84) member.raw.tick();
    else if (dice < 92) this.#propose(member, random);
    else if (dice < 95) this.cluster.read(member.id);
    else if (dice < 97) member.compact(random.below(4));
    else this.#rareRequest(member, random);
  }

  #rareRequest(member: Member, random: Random): void {
    const other = this.#anyMember(random);
    const dice = random.below(10);
    if (dice < 4) member.node.transferLeader(other.id);
    else if (dice < 6) member.node.forgetLeader();
    else if (dice < 8) member.node.reportUnreachable(other.id);
    else member.node.campaign();
  }

  /** Delivers a burst, mostly in order; some messages are lost, doubled or late. */
  #deliverSome(random: Random): void {
    const { network } = this.cluster;
    for (let count = 1 + random.below(12); count > 0 && network.length > 0; count--) {
      const inOrder = random.below(100) < 70;
      const position = inOrder ? 0 : random.below(network.length);
      const [message] = random.below(100) < 4 ? [network[position]] : network.splice(position, 1);
      if (message === undefined) continue;
      if (random.below(100) < 4) this.cluster.drop(message);
      else this.cluster.deliver(message);
    }
  }

  #dropOldest(): void {
    const message = this.cluster.network.shift();
    if (message !== undefined) this.cluster.drop(message);
  }

  #propose(member: Member, random: Random): void {
    const batch = Array.from({ length: 1 + random.below(3) }, () => {
      const text = `p${++this.#proposals}`.padEnd(random.below(40), '.');
      return new TextEncoder().encode(text);
    });
    tolerateDrop(() => member.node.propose(batch));
  }

  #changeMembership(member: Member, random: Random): void {
    const at = random.below(2) === 0 ? member : (this.cluster.leader ?? member);
    if (at.raw === undefined) return;
    const types = Object.values(ConfChangeType);
    const change = (): ConfChangeSingle => ({
      type: types[random.below(types.length)] ?? ConfChangeType.addNode,
      nodeId: this.#anyMember(random).id,
    });
    if (random.below(3) === 0) {
      const single = { id: 7n, ...change(), context: EMPTY_BYTES };
      tolerateDrop(() => at.node.proposeConfChange(single));
      return;
    }
    const transitions = Object.values(ConfChangeTransition);
    const transition = transitions[random.below(transitions.length)] ?? ConfChangeTransition.auto;
    const changes = Array.from({ length: random.below(4) }, change);
    tolerateDrop(() => at.node.proposeConfChange({ transition, changes, context: EMPTY_BYTES }));
  }

  #crash(member: Member, random: Random): void {
    if (member.raw === undefined) member.start();
    else member.crash(random.below(4), random.below(3));
  }

  #cut(random: Random): void {
    const { cluster } = this;
    if (random.below(3) === 0) {
      cluster.heal();
      return;
    }
    const ids = cluster.members.map(({ id }) => id);
    if (random.below(3) === 0) {
      // One direction of one member's traffic only.
      const deaf = this.#anyMember(random).id;
      cluster.loses = random.below(2) === 0 ? ({ to }) => to === deaf : ({ from }) => from === deaf;
      return;
    }
    const left = ids.filter(() => random.below(2) === 0);
    cluster.partition(
      left,
      ids.filter((id) => !left.includes(id)),
    );
  }

  #anyMember(random: Random): Member {
    const { members } = this.cluster;
    return this.cluster.member(1 + random.below(members.length));
  }

  /**
   * Ends all trouble; then a leader must arise, commit a new entry, and every member of its
   * configuration must apply it. As in a server, members that were removed stop, and a leader
   * snapshots now and then.
   */
  recover(): void {
    const { cluster } = this;
    cluster.heal();
    for (const member of cluster.members) if (member.raw === undefined) member.start();
    for (let round = 0; round < MAX_RECOVERY_ROUNDS; round++) {
      cluster.tick(1);
      if (this.#recovered()) return;
      if (round % 10 === 9) this.#nudge(`last${round}`);
    }
    assert.ok(!this.#someoneIsElectable(), 'the cluster does not recover');
    // Changes take effect when they are applied, not when they are appended. A leader that lost its
    // vote by one, and then its office before others heard of the commit, may have a longer log
    // than any voter and still be asked for its vote: a known dead end of this scheme.
    assert.ok(this.#plan.changes > 0, 'nobody can be elected');
  }

  #nudge(text: string): void {
    for (const member of this.cluster.members) {
      if (this.#isRemoved(member)) member.crash();
      else if (member.raw === undefined) member.start();
    }
    const { leader } = this.cluster;
    if (leader === undefined) return;
    leader.compact(5);
    tolerateDrop(() => leader.node.propose([new TextEncoder().encode(text)]));
  }

  /**
   * True if the newest configuration that anyone has applied is without this member, and all who
   * are in it know that. Earlier its vote may still be needed.
   */
  #isRemoved({ id }: Member): boolean {
    const states = this.cluster.members.map(({ application }) => application);
    const newest = states.reduce((left, right) => (right.index > left.index ? right : left));
    return (
      this.cluster.members
        .filter((other) => includes(newest.confState, other.id))
        .every(({ application }) => !includes(application.confState, id)) &&
      !includes(newest.confState, id)
    );
  }

  /** True if some member would get enough votes by the rules, given enough luck. */
  #someoneIsElectable(): boolean {
    return this.cluster.members.some((candidate) => {
      const { application, lastId } = candidate;
      const { voters, votersOutgoing } = application.confState;
      const votes = new Map<NodeId, boolean>();
      for (const id of [...voters, ...votersOutgoing]) {
        const voter = this.cluster.member(id);
        const { term, index } = voter.lastId;
        const upToDate = lastId.term > term || (lastId.term === term && lastId.index >= index);
        votes.set(id, voter.raw !== undefined && upToDate);
      }
      const joint = { incoming: voters, outgoing: votersOutgoing };
      return votes.has(candidate.id) && jointVoteResult(joint, votes) === VoteResult.won;
    });
  }

  #recovered(): boolean {
    const { leader } = this.cluster;
    if (leader?.raw === undefined) return false;
    const { voters, learners } = leader.raw.status().configuration;
    const ids = [...voters.incoming, ...voters.outgoing, ...learners];
    return ids.every((id) => this.cluster.member(id).applied.at(-1)?.startsWith('last'));
  }
}

function tolerateDrop(propose: () => void): void {
  try {
    propose();
  } catch (error) {
    if (!(error instanceof ProposalDroppedError)) throw error;
  }
}

function includes({ voters, learners, votersOutgoing }: ConfState, id: NodeId): boolean {
  return [voters, learners, votersOutgoing].some((ids) => ids.includes(id));
}
