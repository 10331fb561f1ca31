import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';
import { errorText } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Cluster, Member } from '../membership/index.js';
import {
  type ListedMember,
  type PeerConnector,
  type PeerStatistics,
  PeerTransport,
} from '../peer/index.js';
import { type Message, MessageType, type NodeId } from '../raft/index.js';
import type { Backend } from '../storage/backend/index.js';
import { CommitHold } from './commit-hold.js';
import type { RaftDriver } from './raft-driver.js';
import {
  type IncomingSnapshots,
  type LogHolds,
  OutgoingSnapshots,
  SnapshotTraffic,
} from './snapshots/index.js';

export interface PeerLinkOptions {
  readonly memberId: NodeId;
  readonly clusterId: bigint;
  /** At which the others reach this member. */
  readonly peerUrls: readonly string[];
  readonly electionTimeoutMs: number;
  /** A connection that moves nothing for this long is given up. */
  readonly ioTimeoutMs: number;
}

export interface PeerLinkDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connector: PeerConnector;
  readonly cluster: Cluster;
  readonly backend: Backend;
  readonly incoming: IncomingSnapshots;
  readonly holds: LogHolds;
  /** The machine of a member refuses connections. */
  readonly connectionRefused: (id: NodeId) => void;
  /** Another member says that this one was removed: it has to stop. */
  readonly removedFromCluster: () => void;
}

/**
 * The link between Raft and the other members: what Raft wants sent goes to the transport, snapshots by
 * their own way, and what arrives goes to Raft.
 */
export class PeerLink {
  readonly #dependencies: PeerLinkDependencies;
  readonly #transport: PeerTransport;
  readonly #localId: NodeId;
  readonly #outgoing: OutgoingSnapshots;
  readonly #commitHold: CommitHold;
  readonly sentSnapshots: SnapshotTraffic;
  readonly receivedSnapshots: SnapshotTraffic;
  #driver: RaftDriver | undefined;

  constructor(options: PeerLinkOptions, dependencies: PeerLinkDependencies) {
    const { clock, logger, connector, cluster, removedFromCluster } = dependencies;
    this.sentSnapshots = new SnapshotTraffic(clock);
    this.receivedSnapshots = new SnapshotTraffic(clock);
    this.#dependencies = dependencies;
    this.#localId = options.memberId;
    this.#transport = new PeerTransport(options, {
      clock,
      logger,
      connector,
      handlers: {
        receive: (messages) => {
          this.#commitHold.received(messages);
          this.#driver?.receive(messages);
        },
        saveSnapshot: (message, database) => this.#save(message, database),
        isRemoved: (id) => cluster.isRemoved(id),
        reportUnreachable: (id) => this.#driver?.reportUnreachable(id),
        // Raft hears of each snapshot once, from where it is opened, sent and closed.
        reportSnapshot() {},
        connectionRefused: dependencies.connectionRefused,
        removedFromCluster,
      },
    });
    this.#commitHold = new CommitHold({
      clock,
      send: (messages) => this.#transport.send(messages),
    });
    this.#outgoing = new OutgoingSnapshots({
      backend: dependencies.backend,
      holds: dependencies.holds,
      logger: logger.child('server/snapshots'),
      sendSnapshot: (snapshot) => this.#transport.sendSnapshot(snapshot),
      reportSnapshot: (id, succeeded) => {
        this.sentSnapshots.ended(id, succeeded);
        this.#driver?.reportSnapshot(id, succeeded);
      },
    });
  }

  /** From now on Raft sends and receives; before, what arrives is dropped, as if it were lost. */
  attach(driver: RaftDriver): void {
    this.#driver = driver;
  }

  /** Messages of Raft's for other members. */
  send(messages: readonly Message[]): void {
    let others: Message[] | undefined;
    for (const message of messages) {
      if (message.type !== MessageType.snapshot) continue;
      others ??= messages.filter(({ type }) => type !== MessageType.snapshot);
      this.sentSnapshots.began(message.to);
      this.#outgoing.send(message);
    }
    this.#transport.send(this.#commitHold.pass(others ?? messages));
  }

  async #save(message: Message, database: AsyncIterable<Buffer>): Promise<void> {
    const { from } = message;
    this.receivedSnapshots.began(from);
    let isSaved = false;
    try {
      await saveDatabase(this.#dependencies.incoming, message, database);
      isSaved = true;
    } finally {
      this.receivedSnapshots.ended(from, isSaved);
    }
  }

  /** Answers a request of another member; false if its path is none of the Raft protocol's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#transport.handle(request, response);
  }

  addPeer(id: NodeId, urls: readonly string[]): void {
    if (id === this.#localId) return;
    this.#tolerant(id, () => this.#transport.addPeer(id, urls));
  }

  updatePeer(id: NodeId, urls: readonly string[]): void {
    this.#tolerant(id, () => this.#transport.updatePeer(id, urls));
  }

  removePeer(id: NodeId): void {
    this.#commitHold.forget(id);
    this.#transport.removePeer(id);
  }

  /** Members of a cluster that this one is about to join. */
  addRemotes(members: readonly ListedMember[]): void {
    for (const { id, peerUrls } of members) this.#transport.addRemote(id, peerUrls);
  }

  /** Connects with exactly these members: the membership came in one piece. */
  setPeers(members: readonly Member[]): void {
    const wanted = new Set(members.map((member) => member.id));
    for (const id of this.#transport.peerIds) if (!wanted.has(id)) this.removePeer(id);
    const known = new Set(this.#transport.peerIds);
    for (const { id, peerUrls } of members) {
      if (known.has(id)) this.updatePeer(id, peerUrls);
      else this.addPeer(id, peerUrls);
    }
  }

  /** How many other members are reached. */
  get activePeerCount(): number {
    return this.#transport.activePeerCount;
  }

  /** What is known of the ways to the other members. */
  get statistics(): Map<NodeId, PeerStatistics> {
    const found = new Map<NodeId, PeerStatistics>();
    for (const id of this.#transport.peerIds) {
      const statistics = this.#transport.statistics(id);
      if (statistics !== undefined) found.set(id, statistics);
    }
    return found;
  }

  /** Since when a member is reached, on the monotonic clock; undefined if it is not. */
  activeSinceMs(id: NodeId): number | undefined {
    return this.#transport.activeSinceMs(id);
  }

  /** Resolves when nothing is sent or received any more. */
  async stop(): Promise<void> {
    this.#driver = undefined;
    this.#commitHold.stop();
    await this.#transport.stop();
    await this.#outgoing.stop();
    await this.#dependencies.incoming.stop();
  }

  /** URLs that others accept and this member cannot use: it has to live without that connection. */
  #tolerant(id: NodeId, action: () => void): void {
    try {
      action();
    } catch (error) {
      const fields = { 'remote-peer-id': id.toString(16), error: errorText(error) };
      this.#dependencies.logger.error('a member cannot be reached', fields);
    }
  }
}

async function saveDatabase(
  incoming: IncomingSnapshots,
  { snapshot }: Message,
  database: AsyncIterable<Buffer>,
): Promise<void> {
  if (snapshot === undefined) throw new Error('a snapshot message without a snapshot');
  const { index, term, confState } = snapshot.metadata;
  await incoming.save(index, database, term, confState);
}
