import type { Logger } from '../../base/logger.js';
import type { KeyValueHash } from '../../mvcc/index.js';
import { checkCompactionHash } from './compaction-hash-check.js';
import { type AskPeers, hashRefusal, type PeerHash } from './peer-hashes.js';

/** This member's data is not that of its peers: it must not serve (InitialCorruptCheck). */
export class DataInconsistencyError extends Error {
  override readonly name = 'DataInconsistencyError';
}

export interface CorruptionCheckerOptions {
  readonly memberId: bigint;
}

export interface CorruptionCheckerDependencies {
  /** The hash at a revision, 0 = now (formats.md §9). */
  readonly hashByRevision: (revision: number) => Promise<KeyValueHash>;
  readonly currentRevision: () => number;
  /** What compactions left behind; in any order. */
  readonly compactionHashes: () => readonly KeyValueHash[];
  readonly askPeers: AskPeers;
  readonly linearizableRead: (callback: (error: Error | null) => void) => void;
  /** Raises the CORRUPT alarm for a member, 0 for the whole cluster, through the log. */
  readonly raiseAlarm: (memberId: bigint) => void;
  readonly logger: Logger;
}

/** Compares this member's data with that of the others, and acts if they differ (formats.md §9). */
export class CorruptionChecker {
  readonly #memberId: bigint;
  readonly #dependencies: CorruptionCheckerDependencies;
  readonly #logger: Logger;
  /** Compactions up to this revision have been compared with all members. */
  #checkedRevision = 0;

  constructor(options: CorruptionCheckerOptions, dependencies: CorruptionCheckerDependencies) {
    this.#memberId = options.memberId;
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger.child('server/corruption');
  }

  /**
   * Before this member serves anybody: its data must be what those peers have that answer.
   * @throws DataInconsistencyError
   */
  async initialCheck(): Promise<void> {
    const self = this.#memberId.toString(16);
    const { hashByRevision, askPeers } = this.#dependencies;
    this.#logger.info('starting initial corruption check', { 'local-member-id': self });
    const own = await hashByRevision(0);
    const peers = await askPeers(own.hashRevision);
    let mismatches = 0;
    for (const peer of peers) {
      const difference = initialDifference(own, peer);
      if (difference === undefined) continue;
      this.#logger.warn(difference.text, { 'local-member-id': self, ...facts(own, peer) });
      if (difference.isMismatch) mismatches++;
    }
    if (mismatches > 0) {
      throw new DataInconsistencyError(`${self} found data inconsistency with peers`);
    }
    const passed = 'initial corruption checking passed; no corruption';
    this.#logger.info(passed, { 'local-member-id': self });
  }

  /** The leader compares all members at its current revision, and raises at most one alarm. */
  async periodicCheck(): Promise<void> {
    const { hashByRevision, askPeers, currentRevision } = this.#dependencies;
    const first = await hashByRevision(0);
    const peers = await askPeers(first.hashRevision);
    await this.#linearizableRead();
    const second = await hashByRevision(0);
    const revision = currentRevision();
    const suspects: bigint[] = [];
    if (
      second.hash !== first.hash &&
      second.hashRevision === first.hashRevision &&
      second.compactRevision === first.compactRevision
    ) {
      this.#logger.warn('found hash mismatch', { 'hash-1': first.hash, 'hash-2': second.hash });
      suspects.push(this.#memberId);
    }
    for (const peer of peers) {
      const text = periodicDifference(first, second, revision, peer);
      if (text === undefined) continue;
      this.#logger.warn(text, facts(first, peer));
      suspects.push(peer.peer.id);
    }
    const [suspect] = suspects;
    if (suspect !== undefined) this.#dependencies.raiseAlarm(suspect);
    const answered = peers.filter(({ hash }) => hash !== undefined).length;
    const fields = { 'number-of-peers-checked': answered };
    this.#logger.info('finished peer corruption check', fields);
  }

  /**
   * The leader compares what compactions left behind, the newest first, until it finds one that all
   * members can tell the hash of, or a difference.
   */
  async compactHashCheck(): Promise<void> {
    const { compactionHashes, askPeers, raiseAlarm } = this.#dependencies;
    const unchecked = compactionHashes()
      .filter(({ hashRevision }) => hashRevision > this.#checkedRevision)
      .sort((a, b) => b.hashRevision - a.hashRevision);
    for (const own of unchecked) {
      const peers = await askPeers(own.hashRevision);
      if (peers.length === 0) continue;
      const outcome = checkCompactionHash(this.#memberId, own, peers);
      for (const { peer, reason } of outcome.skipped) {
        const fields = { 'peer-id': peer.peer.id.toString(16), reason };
        this.#logger.warn("Skipped peer's hash", fields);
      }
      if (outcome.kind === 'incomplete') continue;
      if (outcome.kind === 'consistent') {
        this.#checkedRevision = Math.max(this.#checkedRevision, own.hashRevision);
        this.#logger.info('successfully checked hash on whole cluster', {
          revision: own.hashRevision,
        });
        return;
      }
      this.#logger.error('Detected compaction hash mismatch', {
        'leader-revision': own.hashRevision,
        'leader-hash': own.hash,
        'peer-ids': outcome.suspects.map((id) => id.toString(16)),
      });
      for (const id of outcome.suspects) raiseAlarm(id);
      return;
    }
  }

  #linearizableRead(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#dependencies.linearizableRead((error) => (error === null ? resolve() : reject(error)));
    });
  }
}

function initialDifference(
  own: KeyValueHash,
  { hash, error }: PeerHash,
): { text: string; isMismatch: boolean } | undefined {
  if (hash !== undefined) {
    if (hash.hash === own.hash) return undefined;
    const isMismatch = hash.compactRevision === own.compactRevision;
    const what = isMismatch ? 'hash' : 'compact revision';
    return { text: `found different ${what} values from remote peer`, isMismatch };
  }
  switch (hashRefusal(error)) {
    case 'future':
      return { text: 'cannot fetch hash from slow remote peer', isMismatch: false };
    case 'compacted': {
      const text = 'cannot fetch hash from remote peer; local member is behind';
      return { text, isMismatch: false };
    }
    case 'other cluster':
      return { text: 'cluster ID mismatch', isMismatch: false };
    case 'unknown':
      return undefined;
  }
}

/** Nobody is ahead of the leader, and who has compacted as it had must have the same data. */
function periodicDifference(
  first: KeyValueHash,
  second: KeyValueHash,
  revision: number,
  { hash }: PeerHash,
): string | undefined {
  if (hash === undefined) return undefined;
  if (hash.currentRevision > revision) {
    return "revision from follower must be less than or equal to leader's";
  }
  if (hash.compactRevision > second.compactRevision) {
    return "compact revision from follower must be less than or equal to leader's";
  }
  if (hash.compactRevision === first.compactRevision && hash.hash !== first.hash) {
    return 'same compact revision then hashes must match';
  }
  return undefined;
}

function facts(own: KeyValueHash, { peer, hash }: PeerHash): Record<string, unknown> {
  return {
    'local-member-revision': own.hashRevision,
    'local-member-compact-revision': own.compactRevision,
    'local-member-hash': own.hash,
    'remote-peer-id': peer.id.toString(16),
    'remote-peer-endpoints': peer.urls,
    'remote-peer-revision': hash?.currentRevision,
    'remote-peer-compact-revision': hash?.compactRevision,
    'remote-peer-hash': hash?.hash,
  };
}
