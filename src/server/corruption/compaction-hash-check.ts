import type { KeyValueHash } from '../../mvcc/index.js';
import type { PeerHash } from './peer-hashes.js';

/** A peer whose answer says nothing about the compaction in question. */
export interface SkippedPeer {
  readonly peer: PeerHash;
  readonly reason: string;
}

export type CompactionHashOutcome =
  /** All members have the same. */
  | { readonly kind: 'consistent'; readonly skipped: readonly SkippedPeer[] }
  /** Those who could tell have the same. */
  | { readonly kind: 'incomplete'; readonly skipped: readonly SkippedPeer[] }
  /** Those outside the majority; 0, the whole cluster, if there is no majority. */
  | {
      readonly kind: 'mismatch';
      readonly skipped: readonly SkippedPeer[];
      readonly suspects: readonly bigint[];
    };

/** Compares what one compaction left behind on all members. */
export function checkCompactionHash(
  memberId: bigint,
  own: KeyValueHash,
  peers: readonly PeerHash[],
): CompactionHashOutcome {
  const membersByHash = new Map<number, bigint[]>([[own.hash, [memberId]]]);
  const skipped: SkippedPeer[] = [];
  for (const peer of peers) {
    const { hash } = peer;
    if (hash === undefined) {
      skipped.push({ peer, reason: 'no response' });
    } else if (hash.compactRevision !== own.compactRevision) {
      const theirs = `the peer's CompactRevision ${hash.compactRevision}`;
      const reason = `${theirs} doesn't match leader's CompactRevision ${own.compactRevision}`;
      skipped.push({ peer, reason });
    } else {
      const ids = membersByHash.get(hash.hash) ?? [];
      ids.push(peer.peer.id);
      membersByHash.set(hash.hash, ids);
    }
  }
  if (membersByHash.size === 1) {
    return { kind: skipped.length === 0 ? 'consistent' : 'incomplete', skipped };
  }
  // Also members that did not answer count: only what most of all have is held to be right.
  const quorum = Math.floor((peers.length + 1) / 2) + 1;
  const groups = [...membersByHash.values()];
  const majority = groups.find((ids) => ids.length >= quorum);
  const suspects = majority === undefined ? [0n] : groups.filter((ids) => ids !== majority).flat();
  return { kind: 'mismatch', skipped, suspects };
}
