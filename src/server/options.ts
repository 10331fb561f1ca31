import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { PeerConnector } from '../peer/index.js';
import type { AutoCompactionOptions } from './auto-compaction/index.js';

/** A founding member of the cluster. */
export interface InitialMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** How a member runs; see the flags of the same names. */
export interface ServerOptions {
  readonly name: string;
  readonly dataDir: string;
  /** Empty: `member/wal` below the data directory. */
  readonly walDir: string;
  /** The members a new cluster starts with, this one among them. Ignored once there is a log. */
  readonly initialMembers: readonly InitialMember[];
  /** Whether a member without data founds a cluster with the others or joins one that runs. */
  readonly initialClusterState: 'new' | 'existing';
  readonly initialClusterToken: string;
  /** The URLs at which other members reach this one. */
  readonly advertisePeerUrls: readonly string[];
  /** Refuse changes of the membership that would endanger the quorum. */
  readonly strictReconfigCheck: boolean;
  readonly maxLearners: number;
  /** Make this member, with what data it has, the only one of its cluster. */
  readonly forceNewCluster: boolean;
  readonly advertiseClientUrls: readonly string[];
  readonly tickMs: number;
  /** Ticks without a leader until an election. */
  readonly electionTicks: number;
  readonly preVote: boolean;
  /** Shorten the wait for the first election once other members are reached. */
  readonly initialElectionTickAdvance: boolean;
  /** A connection to another member that moves nothing for this long is given up. */
  readonly peerTimeoutMs: number;
  /** Entries between two cuts of the log. */
  readonly snapshotCount: number;
  /** Entries kept behind a cut for members that lag a little. */
  readonly snapshotCatchupEntries: number;
  /** Log files kept; 0 keeps all. */
  readonly maxWals: number;
  readonly unsafeNoFsync: boolean;
  readonly quotaBackendBytes: number;
  readonly backendCacheBytes: number;
  readonly backendBatchIntervalMs: number;
  readonly backendBatchLimit: number;
  readonly compactionBatchLimit: number;
  readonly compactionSleepIntervalMs: number;
  readonly autoCompaction: AutoCompactionOptions;
  readonly maxRequestBytes: number;
  readonly maxTxnOps: number;
  readonly watchProgressNotifyIntervalMs: number;
  readonly warningApplyDurationMs: number;
  /** How often a downgrade is looked at for being done. */
  readonly downgradeCheckTimeMs: number;
  /** Compare the data with the other members' before serving. */
  readonly initialCorruptCheck: boolean;
  /** How often the leader compares all members' data; 0 for never. */
  readonly corruptCheckTimeMs: number;
  /** How often it compares what compactions left; 0 for never. */
  readonly compactHashCheckTimeMs: number;
  /** Tell the log now and then what is left of long leases. */
  readonly leaseCheckpoints: boolean;
}

export interface ServerDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  /** Makes the connections to other members. */
  readonly connector: PeerConnector;
}

/** How long a request may take before its client is told so: 5 s and two election timeouts (G.50). */
export function requestTimeoutMs(options: ServerOptions): number {
  return 5000 + 2 * options.electionTicks * options.tickMs;
}

/** The shortest TTL of a lease: ceil(1.5 × election timeout) (formats.md §10.8). */
export function minLeaseTtlSeconds(options: ServerOptions): number {
  return Math.ceil((3 * options.electionTicks * options.tickMs) / 2 / 1000);
}
