import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../base/errors.js';
import { formatNodeId, type Message, MessageType, NO_NODE, type NodeId } from '../raft/index.js';
import { NodePeerConnector } from './connector.js';
import type { PeerContext } from './context.js';
import { PeerRequestError } from './errors.js';
import { Inbox } from './inbox.js';
import { isWireType } from './message-check.js';
import {
  type OutgoingSnapshot,
  type PeerTransportDependencies,
  type PeerTransportOptions,
  toSettings,
} from './options.js';
import { Peer, Remote } from './peer.js';
import type { PeerCounters } from './peer-status.js';
import { parsePeerUrls } from './peer-url.js';
import { Reports } from './reports.js';
import { RequestHandler } from './request-handler.js';
import { ThrottledLog } from './throttled-log.js';

/** Unknown senders beyond this are not remembered: anyone can claim to be one. */
const MAX_REMOTES = 128;

/** What is known of one peer. */
export interface PeerStatistics extends Readonly<PeerCounters> {
  /** Since when it is reached, on the monotonic clock; undefined if it is not. */
  readonly activeSinceMs: number | undefined;
  readonly roundTripMs: number | undefined;
}

/**
 * Raft messages between the members of a cluster, in etcd's peer protocol (formats.md §7). Sending
 * never blocks and promises nothing: what cannot be sent is dropped and reported.
 */
export class PeerTransport {
  readonly #context: PeerContext;
  readonly #requestHandler: RequestHandler;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #remotes = new Map<NodeId, Remote>();
  readonly #snapshots = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: PeerTransportOptions, dependencies: PeerTransportDependencies) {
    const { clock, handlers } = dependencies;
    const logger = dependencies.logger.child('peer');
    this.#context = {
      settings: toSettings(options),
      clock,
      logger,
      throttledLog: new ThrottledLog({ clock, logger }),
      connector: dependencies.connector ?? new NodePeerConnector(options.tls),
      handlers,
      inbox: new Inbox({ clock, receive: (messages) => handlers.receive(messages) }),
      reports: new Reports({ clock, handlers }),
    };
    this.#requestHandler = new RequestHandler(this.#context, {
      peer: (id) => this.#peers.get(id),
      addRemote: (id, urls) => this.addRemote(id, urls),
    });
  }

  /**
   * Answers a request of another member if its path is one of this protocol; false if it is not, and
   * nothing was done.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#isStopped) return false;
    return this.#requestHandler.handle(request, response);
  }

  /**
   * Sends messages, each to its `to`; those to nobody and those that stay within a member are left
   * out. Snapshots go through {@link sendSnapshot}.
   */
  send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.to === NO_NODE || this.#isStopped) continue;
      if (!isWireType(message.type) || message.type === MessageType.snapshot) {
        this.#refuse(message);
        continue;
      }
      const target = this.#peers.get(message.to) ?? this.#remotes.get(message.to);
      if (target !== undefined) target.send(message);
      else {
        this.#context.logger.debug('ignored message send request; unknown remote peer target', {
          type: message.type,
          'unknown-target-peer-id': formatNodeId(message.to),
        });
      }
    }
  }

  /** Sends a snapshot to a peer, and reports through the handlers whether it was stored there. */
  sendSnapshot(snapshot: OutgoingSnapshot): void {
    const peer = this.#peers.get(snapshot.message.to);
    if (peer === undefined) {
      snapshot.closed(new PeerRequestError('member not found'));
      return;
    }
    const sending = peer.sendSnapshot(snapshot);
    this.#snapshots.add(sending);
    void sending.then(() => this.#snapshots.delete(sending));
  }

  /**
   * Connects to a member of the configuration. One that is known already stays as it is.
   * @throws PeerUrlError
   */
  addPeer(id: NodeId, urls: readonly string[]): void {
    const { logger, settings } = this.#context;
    if (this.#isStopped || this.#peers.has(id) || id === settings.memberId) return;
    const peer = new Peer(id, parsePeerUrls(urls), this.#context);
    this.#peers.set(id, peer);
    peer.start();
    logger.info('added remote peer', this.#fields(id, urls));
  }

  /**
   * Says where a member of the configuration is from now on.
   * @throws PeerUrlError
   */
  updatePeer(id: NodeId, urls: readonly string[]): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.update(parsePeerUrls(urls));
    this.#context.logger.info('updated remote peer', this.#fields(id, urls));
  }

  /** Ends all connections with a member. Its snapshots are broken off. */
  removePeer(id: NodeId): void {
    this.#remotes.get(id)?.stop();
    this.#remotes.delete(id);
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.stop();
    this.#peers.delete(id);
    this.#context.logger.info('removed remote peer', this.#fields(id));
  }

  removeAllPeers(): void {
    for (const id of [...this.#peers.keys()]) this.removePeer(id);
  }

  /**
   * Makes a member reachable that is not in the configuration: for one that joins all members are, and
   * for one that lags behind those it has not heard of. Bad URLs are ignored with a log line.
   */
  addRemote(id: NodeId, urls: readonly string[]): void {
    const { logger, handlers, settings, throttledLog } = this.#context;
    if (this.#isStopped || id === settings.memberId || id === NO_NODE) return;
    if (this.#peers.has(id) || this.#remotes.has(id) || handlers.isRemoved(id)) return;
    if (this.#remotes.size >= MAX_REMOTES) {
      throttledLog.warn('', 'ignored a remote peer: too many are known', this.#fields(id));
      return;
    }
    try {
      this.#remotes.set(id, new Remote(id, parsePeerUrls(urls), this.#context));
      logger.info('added new remote peer', this.#fields(id, urls));
    } catch (error) {
      throttledLog.warn(formatNodeId(id), 'ignored a remote peer', {
        ...this.#fields(id, urls),
        error: errorText(error),
      });
    }
  }

  /** The members this one is connected with, or tries to be. */
  get peerIds(): NodeId[] {
    return [...this.#peers.keys()];
  }

  /** Since when a peer is reached, on the monotonic clock; undefined if it is not, or is not known. */
  activeSinceMs(id: NodeId): number | undefined {
    return this.#peers.get(id)?.activeSinceMs;
  }

  /** How many peers are reached. */
  get activePeerCount(): number {
    let count = 0;
    for (const peer of this.#peers.values()) if (peer.activeSinceMs !== undefined) count++;
    return count;
  }

  /** For metrics; undefined for a member that is no peer. */
  statistics(id: NodeId): PeerStatistics | undefined {
    const peer = this.#peers.get(id);
    if (peer === undefined) return undefined;
    const { activeSinceMs, roundTripMs } = peer;
    return { ...peer.counters, activeSinceMs, roundTripMs };
  }

  /** Ends all connections; resolves when no snapshot is sent or saved any more. No handler is called after. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#context.inbox.stop();
    this.#context.reports.stop();
    for (const peer of this.#peers.values()) peer.stop();
    for (const remote of this.#remotes.values()) remote.stop();
    this.#peers.clear();
    this.#remotes.clear();
    await Promise.all([this.#requestHandler.stop(), ...this.#snapshots]);
    this.#context.connector.close();
  }

  #refuse(message: Message): void {
    this.#context.logger.error('refused to send a Raft message', {
      type: message.type,
      to: formatNodeId(message.to),
    });
    if (message.type === MessageType.snapshot) this.#context.reports.snapshot(message.to, false);
  }

  #fields(id: NodeId, urls?: readonly string[]): Record<string, unknown> {
    return {
      'local-member-id': formatNodeId(this.#context.settings.memberId),
      'remote-peer-id': formatNodeId(id),
      ...(urls === undefined ? {} : { 'remote-peer-urls': urls }),
    };
  }
}
