import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { type MemberHash, PeerRequestError } from '../../peer/index.js';

/** Another member, and where to ask it. */
export interface HashPeer {
  readonly id: bigint;
  readonly urls: readonly string[];
}

/** What a peer said of its data; or why it said nothing. */
export interface PeerHash {
  readonly peer: HashPeer;
  readonly hash: MemberHash | undefined;
  readonly error: unknown;
}

/** Asks all peers for their hash at a revision. */
export type AskPeers = (revision: number) => Promise<PeerHash[]>;

/** Why a peer could not tell its hash, where that says something. */
export type HashRefusal = 'compacted' | 'future' | 'other cluster' | 'unknown';

/** What a failed question means. */
export function hashRefusal(error: unknown): HashRefusal {
  if (!(error instanceof PeerRequestError)) return 'unknown';
  const { status, body } = error;
  if (status === 400 && body.includes('required revision has been compacted')) return 'compacted';
  if (status === 400 && body.includes('required revision is a future revision')) return 'future';
  if (status === 412 && body.includes('cluster ID mismatch')) return 'other cluster';
  return 'unknown';
}

export interface PeerHashesDependencies {
  /** All members but this one. */
  readonly peers: () => readonly HashPeer[];
  /** As ClusterQueries.hashKv, with the own cluster's id. */
  readonly hashKv: (url: string, revision: number) => Promise<MemberHash>;
  readonly logger: Logger;
}

/** {@link AskPeers} over the peer port: each peer at its URLs in turn, one after the other. */
export function createPeerHashes(dependencies: PeerHashesDependencies): AskPeers {
  const { peers, hashKv, logger } = dependencies;
  const askOne = async (peer: HashPeer, revision: number): Promise<PeerHash> => {
    let lastError: unknown;
    for (const url of peer.urls) {
      try {
        return { peer, hash: await hashKv(url, revision), error: undefined };
      } catch (error) {
        lastError = error;
        logger.warn('failed hash kv request', {
          'requested-revision': revision,
          'remote-peer-endpoint': url,
          error: errorText(error),
        });
      }
    }
    return { peer, hash: undefined, error: lastError };
  };
  return (revision) => {
    const asked = peers().filter((peer) => peer.urls.length > 0);
    return Promise.all(asked.map((peer) => askOne(peer, revision)));
  };
}
