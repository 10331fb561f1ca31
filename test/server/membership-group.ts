import { EtcdError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logger.js';
import { seededRandom } from '../../src/base/random.js';
import { type Cluster, encodeMember, type Member } from '../../src/membership/index.js';
import {
  EMPTY_CONF_STATE,
  EntryType,
  LocalMessageError,
  MemoryStorage,
  type Message,
  PeerNotFoundError,
  ProposalDroppedError,
  RawNode,
} from '../../src/raft/index.js';
import {
  ConfChangeApplier,
  Leadership,
  MembershipChanges,
} from '../../src/server/membership/index.js';
import { unsavedCluster } from '../membership/unsaved-cluster.js';
import { ManualClock } from '../support/manual-clock.js';

const TICK_MS = 100;
const ELECTION_TICKS = 10;
const TIMEOUT_MS = 7000;

export const founder = (id: bigint): Member => ({
  id,
  peerUrls: [`http://127.0.0.1:${id}`],
  isLearner: false,
  name: `m${id}`,
  clientUrls: [],
});

/** One member: Raft in memory, and on top all that the membership takes. */
class GroupMember {
  readonly id: bigint;
  readonly node: RawNode;
  readonly cluster: Cluster;
  readonly changes: MembershipChanges;
  readonly leadership: Leadership;
  isStopped = false;
  readonly #storage = new MemoryStorage();
  readonly #applier: ConfChangeApplier;
  #nextId = 1n;

  constructor(id: bigint, group: Group, founders: readonly Member[]) {
    this.id = id;
    this.node = new RawNode(
      { id, electionTicks: ELECTION_TICKS, heartbeatTicks: 1, preVote: true, checkQuorum: true },
      { storage: this.#storage, random: seededRandom(Number(id % 1000n)), logger: silentLogger },
    );
    if (founders.length > 0) {
      this.node.bootstrap(
        founders.map((each) => ({ id: each.id, context: Buffer.from(encodeMember(each)) })),
      );
    }
    this.cluster = unsavedCluster([], { maxLearners: 2 });
    const { clock } = group;
    const logger = silentLogger;
    const { cluster, node } = this;
    this.#applier = new ConfChangeApplier(
      { localId: id },
      {
        node,
        cluster,
        logger,
        connections: { addPeer() {}, updatePeer() {}, removePeer() {} },
        saveConfState() {},
      },
      EMPTY_CONF_STATE,
    );
    const activeSinceMs = (peer: bigint): number | undefined =>
      group.find(peer) === undefined ? undefined : 0;
    const leaderId = (): bigint => node.leader;
    this.changes = new MembershipChanges(
      { localId: id, strictReconfigCheck: true, timeoutMs: TIMEOUT_MS },
      {
        clock,
        logger,
        cluster,
        nextId: () => (id << 32n) | this.#nextId++,
        proposeConfChange: (change) => node.proposeConfChange(change),
        timeoutError: () => new EtcdError('Timeout'),
        activeSinceMs,
        isLeader: () => node.isLeader,
        matchIndex: (peer) => node.status().progress.get(peer)?.match,
        isApplied: () => node.appliedIndex >= node.committedIndex,
        forwardPromotion: (learner) => {
          const leader = group.find(leaderId());
          if (leader === undefined) return Promise.reject(new EtcdError('NoLeader'));
          return leader.changes.promoteLocally(learner);
        },
      },
    );
    this.leadership = new Leadership(
      {
        localId: id,
        tickMs: TICK_MS,
        electionTimeoutMs: TICK_MS * ELECTION_TICKS,
        timeoutMs: TIMEOUT_MS,
      },
      {
        clock,
        logger,
        cluster,
        leaderId,
        transferLeader: (transferee) => node.transferLeader(transferee),
        activeSinceMs,
      },
    );
  }

  /** Does the outstanding work of Raft, and returns what is to be sent. */
  work(): Message[] {
    const sent: Message[] = [];
    while (!this.isStopped && this.node.hasReady()) {
      const ready = this.node.ready();
      if (ready.hardState !== undefined) this.#storage.setHardState(ready.hardState);
      this.#storage.append(ready.entries);
      sent.push(...ready.messages);
      for (const entry of ready.committedEntries) {
        if (entry.type === EntryType.normal) continue;
        const outcome = this.#applier.apply(entry);
        this.changes.applied(entry.index, outcome);
        this.isStopped ||= outcome.removedSelf;
      }
      this.node.advance();
      this.changes.advanced(this.node.appliedIndex);
    }
    return sent;
  }
}

/** A group of members with a network that loses nothing, and one clock. */
export class Group {
  readonly clock = new ManualClock();
  readonly members: GroupMember[] = [];

  constructor(founderIds: readonly bigint[]) {
    const founders = founderIds.map(founder);
    for (const id of founderIds) this.members.push(new GroupMember(id, this, founders));
  }

  /** Starts a member that was added before. */
  join(id: bigint): void {
    this.members.push(new GroupMember(id, this, []));
  }

  /** A member that runs. */
  find(id: bigint): GroupMember | undefined {
    return this.members.find((member) => member.id === id && !member.isStopped);
  }

  get running(): GroupMember[] {
    return this.members.filter((member) => !member.isStopped);
  }

  get leader(): GroupMember | undefined {
    return this.running.find((member) => member.node.isLeader);
  }

  /** Lets time pass, tick by tick; `isDone` ends it. */
  async run(ticks: number, isDone: () => boolean = () => false): Promise<void> {
    for (let tick = 0; tick < ticks && !isDone(); tick++) {
      for (const member of this.running) member.node.tick();
      this.#exchange();
      this.clock.advance(TICK_MS);
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.#exchange();
    }
  }

  #exchange(): void {
    for (;;) {
      const messages = this.running.flatMap((member) => member.work());
      if (messages.length === 0) return;
      for (const message of messages) this.#deliver(message);
    }
  }

  #deliver(message: Message): void {
    try {
      this.find(message.to)?.node.step(message);
    } catch (error) {
      const isExpected =
        error instanceof ProposalDroppedError ||
        error instanceof PeerNotFoundError ||
        error instanceof LocalMessageError;
      if (!isExpected) throw error;
    }
  }

  /** Runs until the promise has an end, and returns it. */
  async result<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.run(200, () => isSettled);
    return await promise;
  }

  /** Runs until there is a leader that all know. */
  async elect(): Promise<GroupMember> {
    const isElected = (): boolean => {
      const [first, ...others] = this.running.map((member) => member.node.leader);
      return first !== undefined && first !== 0n && others.every((leader) => leader === first);
    };
    await this.run(200, isElected);
    if (this.leader === undefined) throw new Error('no leader');
    return this.leader;
  }
}
