import assert from 'node:assert/strict';
import {
  type Configuration,
  type Entry,
  type Message,
  MessageType,
  type NodeId,
  type Storage,
} from '../../../src/raft/index.js';

/** An entry's identity and content in one string. */
function contentOf({ term, type, data }: Entry): string {
  return `${term}:${type}:${Buffer.from(data).toString('latin1')}`;
}

/** The state of the application after an entry: a digest of everything applied up to there. */
export function nextDigest(digest: number, entry: Entry): number {
  let next = digest;
  for (const character of `${entry.index}:${contentOf(entry)}`) {
    next = Math.imul(next ^ character.charCodeAt(0), 0x01000193) >>> 0;
  }
  return next;
}

/** A leader at its election. */
export interface NewLeader {
  readonly id: NodeId;
  readonly term: number;
  /** The first index of its log. */
  readonly first: number;
  readonly termAt: (index: number) => number | undefined;
}

/** What a leader is checked against when it commits. */
export interface Commit {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
}

/**
 * The safety properties of Raft (Raft paper, figure 3), checked as things happen. It sees all
 * members at once, which no member can.
 */
export class SafetyChecker {
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  /** Content and previous term of every entry that ever stood in a log, by index and term. */
  readonly #entries = new Map<string, string>();
  /** The committed entries, and the term in which the first member knew. */
  readonly #committed = new Map<number, { readonly entry: Entry; readonly knownTerm: number }>();
  readonly #digests = new Map<number, number>([[0, 0]]);
  #maxCommitted = 0;
  readonly #reads = new Map<string, number>();
  /** How many reads were answered. */
  answeredReads = 0;

  /** The highest index that any member ever knew to be committed. */
  get maxCommitted(): number {
    return this.#maxCommitted;
  }

  /** Election safety: at most one leader per term. */
  leaderSeen(id: NodeId, term: number): void {
    const known = this.#leaders.get(term);
    assert.ok(known === undefined || known === id, `term ${term} has two leaders: ${known}, ${id}`);
    this.#leaders.set(term, id);
  }

  /**
   * Leader completeness: a new leader has every entry committed in an earlier term. (One of an old
   * term may well learn late that it was elected.)
   */
  leaderElected(leader: NewLeader): void {
    for (let index = leader.first; index <= this.#maxCommitted; index++) {
      const { entry, knownTerm } = this.#committed.get(index) ?? {};
      if (entry === undefined || knownTerm === undefined || knownTerm >= leader.term) continue;
      const lacks = `leader ${leader.id} lacks the committed entry ${index}`;
      assert.equal(leader.termAt(index), entry.term, lacks);
    }
  }

  /** A member votes for at most one candidate per term. */
  voteSent({ type, from, to, term, reject }: Message): void {
    if (type !== MessageType.voteResponse || reject) return;
    const key = `${from}@${term}`;
    const known = this.#votes.get(key);
    assert.ok(known === undefined || known === to, `${from} voted twice in term ${term}`);
    this.#votes.set(key, to);
  }

  /**
   * Log matching: index and term determine an entry and, since they also determine the term of the
   * entry before, everything before it.
   */
  entryAppended(entry: Entry, previousTerm: number): void {
    const key = `${entry.index}@${entry.term}`;
    const content = `${previousTerm}|${contentOf(entry)}`;
    const known = this.#entries.get(key);
    assert.ok(known === undefined || known === content, `two entries ${key}: ${known}, ${content}`);
    this.#entries.set(key, content);
  }

  /** Committed entries never change. */
  entryCommitted(entry: Entry, knownTerm: number): void {
    const known = this.#committed.get(entry.index)?.entry;
    if (known === undefined) {
      this.#committed.set(entry.index, { entry, knownTerm });
      this.#maxCommitted = Math.max(this.#maxCommitted, entry.index);
    } else {
      const same = contentOf(known) === contentOf(entry);
      assert.ok(same, `committed entry ${entry.index} changed: ${known.term} to ${entry.term}`);
    }
  }

  /** What a leader commits is durable on a quorum of its configuration. */
  leaderCommitted(commit: Commit, durable: (id: NodeId) => Storage | undefined): void {
    const { incoming, outgoing } = commit.configuration.voters;
    for (const voters of [incoming, outgoing]) {
      const holding = voters.filter((id) => {
        const storage = durable(id);
        if (storage === undefined) return false;
        return storage.term(commit.index) === commit.term || storage.firstIndex() > commit.index;
      });
      assert.ok(
        voters.length === 0 || holding.length > voters.length / 2,
        `entry ${commit.index} was committed with [${holding}] of [${voters}]`,
      );
    }
  }

  /** State machine safety: the application sees the committed entries in order. */
  entryApplied(entry: Entry, digest: number): void {
    const known = this.#committed.get(entry.index)?.entry;
    assert.ok(known !== undefined, `entry ${entry.index} was applied before it was committed`);
    assert.equal(contentOf(known), contentOf(entry), `entry ${entry.index} was applied otherwise`);
    this.stateReached(entry.index, digest);
  }

  /** All members have the same state after the same index. */
  stateReached(index: number, digest: number): void {
    const known = this.#digests.get(index);
    if (known === undefined) this.#digests.set(index, digest);
    else assert.equal(digest, known, `states differ at ${index}`);
  }

  /** A read is asked for: it must see everything committed until now. */
  readStarted(name: string): void {
    this.#reads.set(name, this.#maxCommitted);
  }

  /** A read is answered with an index. */
  readAnswered(name: string, index: number): void {
    const atLeast = this.#reads.get(name);
    assert.ok(atLeast !== undefined, `read ${name} was never asked`);
    assert.ok(index >= atLeast, `read ${name} at ${index} misses a commit at ${atLeast}`);
    this.answeredReads++;
  }
}
