import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { SERVER_VERSION } from '../base/version.js';
import type { Message, NodeId } from '../raft/index.js';
import type { PeerConnector, PeerTls } from './connector.js';
import { DEFAULT_MAX_FRAME_BYTES } from './stream-codec.js';

export interface PeerTransportOptions {
  readonly memberId: NodeId;
  readonly clusterId: bigint;
  /** This member's own URLs, which it tells the others. */
  readonly peerUrls: readonly string[];
  /** Making a connection may take this and a second. */
  readonly electionTimeoutMs: number;
  readonly tls?: PeerTls;
  /** What this member says it is; the server's version if not given. */
  readonly version?: string;
  /** A connection that moves nothing for this long is given up: 5 s, as all members agree. */
  readonly ioTimeoutMs?: number;
  /** At least this between two attempts to open the same stream: 100 ms. */
  readonly redialIntervalMs?: number;
  /** Between two probes of a peer: 4 s. */
  readonly probeIntervalMs?: number;
  /** A snapshot of which nothing moves for this long is given up: 30 s. */
  readonly snapshotIdleTimeoutMs?: number;
  /** How long a member may take to store a snapshot that it has got: 2 min. */
  readonly snapshotAnswerTimeoutMs?: number;
  /** Messages that may wait for a stream: 4096. */
  readonly streamQueueLength?: number;
  /** Messages that may wait to be posted: 64. */
  readonly pipelineQueueLength?: number;
  /** How large a frame of a stream or a posted message may be: 512 MiB. */
  readonly maxFrameBytes?: number;
}

/** {@link PeerTransportOptions} with nothing left open. */
export type PeerSettings = Required<Omit<PeerTransportOptions, 'tls'>> & {
  readonly dialTimeoutMs: number;
};

export function toSettings(options: PeerTransportOptions): PeerSettings {
  return {
    memberId: options.memberId,
    clusterId: options.clusterId,
    peerUrls: options.peerUrls,
    electionTimeoutMs: options.electionTimeoutMs,
    dialTimeoutMs: 1000 + options.electionTimeoutMs,
    version: options.version ?? SERVER_VERSION,
    ioTimeoutMs: options.ioTimeoutMs ?? 5000,
    redialIntervalMs: options.redialIntervalMs ?? 100,
    probeIntervalMs: options.probeIntervalMs ?? 4000,
    snapshotIdleTimeoutMs: options.snapshotIdleTimeoutMs ?? 30_000,
    snapshotAnswerTimeoutMs: options.snapshotAnswerTimeoutMs ?? 120_000,
    streamQueueLength: options.streamQueueLength ?? 4096,
    pipelineQueueLength: options.pipelineQueueLength ?? 64,
    maxFrameBytes: options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
  };
}

/** What the transport tells its owner. No method is called from within a call of the owner's. */
export interface PeerHandlers {
  /**
   * Takes what arrived since the last turn of the event loop. Appends are in ascending order of
   * index: etcd 3.7.1 sends each batch last first (formats.md §1.3). Messages are well-formed and for
   * this member; their senders are whoever they say.
   */
  receive(messages: readonly Message[]): void;

  /**
   * Stores the database that comes with a snapshot; `database` must be read to its end and throws if
   * the sender breaks off. If this rejects nothing may have changed, else the message follows through
   * {@link receive}.
   */
  saveSnapshot(message: Message, database: AsyncIterable<Buffer>): Promise<void>;

  /** True if a member of this id was removed from the cluster. Such a one is told so and stops. */
  isRemoved(id: NodeId): boolean;

  /** Messages to this member were lost. */
  reportUnreachable(id: NodeId): void;

  /** The machine of this member refuses connections: no process listens there. */
  connectionRefused?(id: NodeId): void;

  /** A snapshot for this member has been stored there, or not. */
  reportSnapshot(id: NodeId, succeeded: boolean): void;

  /** Another member says that this one was removed from the cluster: it has to stop. */
  removedFromCluster(): void;
}

export interface PeerTransportDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly handlers: PeerHandlers;
  /** Makes the connections; Node's own HTTP client if not given. */
  readonly connector?: PeerConnector;
}

/** A snapshot to be sent. */
export interface OutgoingSnapshot {
  /** Of type snapshot, with its metadata. */
  readonly message: Message;
  /** The database file, in pieces less than five seconds apart. */
  readonly database: AsyncIterable<Uint8Array>;
  /** For the log line; undefined if it is not known. */
  readonly sizeBytes?: number | undefined;
  /** Called once when the database is no longer read, with the reason if it was not sent. */
  closed(error: Error | undefined): void;
}
