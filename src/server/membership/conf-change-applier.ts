import { EtcdError, errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import {
  type Cluster,
  formatId,
  type Member,
  type MembershipChange,
} from '../../membership/index.js';
import {
  type ConfChange,
  ConfChangeType,
  type ConfState,
  decodeConfChange,
  EMPTY_BYTES,
  type Entry,
  EntryType,
  NO_NODE,
  type NodeId,
  type RawNode,
} from '../../raft/index.js';
import { MalformedConfChangeError, toMembershipChange } from './conf-changes.js';

/** The connections with other members, as a PeerTransport has them. */
export interface MemberConnections {
  addPeer(id: NodeId, urls: readonly string[]): void;
  updatePeer(id: NodeId, urls: readonly string[]): void;
  removePeer(id: NodeId): void;
}

export interface ConfChangeApplierOptions {
  readonly localId: NodeId;
}

export interface ConfChangeApplierDependencies {
  readonly node: Pick<RawNode, 'applyConfChange'>;
  readonly cluster: Cluster;
  readonly connections: MemberConnections;
  readonly logger: Logger;
  /** Puts the configuration into the same backend batch as the entry's index. */
  readonly saveConfState: (confState: ConfState) => void;
}

/** What came of a configuration change. */
export interface ConfChangeOutcome {
  /** The id under which its proposer waits; 0 for none. */
  readonly changeId: bigint;
  /** Why it was refused, for its proposer; null if it was carried out. */
  readonly error: Error | null;
  readonly confState: ConfState;
  /** This member is no longer one: it has to stop, shortly. */
  readonly removedSelf: boolean;
  /** All members after it, ascending by id. */
  readonly members: readonly Member[];
}

/**
 * Applies the configuration changes of the log: each is checked against the membership as it is at
 * its place in the log, the same on every member, and only then reaches Raft, the membership and the
 * connections. One that is refused reaches Raft as a change of nobody.
 */
export class ConfChangeApplier {
  readonly #options: ConfChangeApplierOptions;
  readonly #dependencies: ConfChangeApplierDependencies;
  #confState: ConfState;

  /** `start` is the configuration that Raft was started with. */
  constructor(
    options: ConfChangeApplierOptions,
    dependencies: ConfChangeApplierDependencies,
    start: ConfState,
  ) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#confState = start;
  }

  get confState(): ConfState {
    return this.#confState;
  }

  /** A snapshot has replaced the state: this is its configuration, which Raft has already. */
  restored(confState: ConfState): void {
    this.#confState = confState;
  }

  /**
   * Applies an entry of the type `confChange` or `confChangeV2`, once: Raft is started with the
   * configuration that the backend holds. What it throws means that this member must not go on.
   * @throws ConfChangeDecodeError for an entry that no leader lets in, or ConfChangeError
   */
  apply(entry: Entry): ConfChangeOutcome {
    if (entry.type !== EntryType.confChange) {
      // Nobody proposes these, and real members die of them. They tell nothing of the members, so
      // all that can be done in the same way everywhere is nothing.
      return this.#refuse(entry, 0n, new MalformedConfChangeError('a change of several members'));
    }
    const confChange = decodeConfChange(entry.data);
    let change: MembershipChange;
    try {
      change = toMembershipChange(confChange);
      this.#dependencies.cluster.validate(change);
    } catch (error) {
      if (error instanceof EtcdError || error instanceof MalformedConfChangeError) {
        return this.#refuse(entry, confChange.id, error);
      }
      throw error;
    }
    this.#tellRaft(confChange);
    this.#carryOut(change);
    return this.#outcome(confChange.id, null, this.#removesSelf(change));
  }

  #tellRaft(confChange: ConfChange): void {
    this.#confState = this.#dependencies.node.applyConfChange(confChange);
  }

  #refuse(entry: Entry, changeId: bigint, error: Error): ConfChangeOutcome {
    this.#dependencies.logger.error('Validation on configuration change failed', {
      index: entry.index,
      error: error.message,
    });
    const type = ConfChangeType.addNode;
    this.#tellRaft({ id: changeId, type, nodeId: NO_NODE, context: EMPTY_BYTES });
    return this.#outcome(changeId, error, false);
  }

  #carryOut(change: MembershipChange): void {
    const { cluster, saveConfState } = this.#dependencies;
    saveConfState(this.#confState);
    cluster.apply(change);
    try {
      this.#connect(change);
    } catch (error) {
      // URLs that others accept and this member cannot use: it has to live without that connection.
      this.#dependencies.logger.error('a member cannot be reached', { error: errorText(error) });
    }
  }

  #connect(change: MembershipChange): void {
    const { connections } = this.#dependencies;
    const { localId } = this.#options;
    if (change.kind === 'add') {
      const { id, peerUrls } = change.member;
      if (id !== localId) connections.addPeer(id, peerUrls);
    } else if (change.id !== localId) {
      if (change.kind === 'remove') connections.removePeer(change.id);
      else if (change.kind === 'update') connections.updatePeer(change.id, change.peerUrls);
    }
  }

  #removesSelf(change: MembershipChange): boolean {
    const { localId } = this.#options;
    if (change.kind !== 'remove' || change.id !== localId) return false;
    this.#dependencies.logger.warn(
      'the local member has been permanently removed from the cluster',
      { 'local-member-id': formatId(localId) },
    );
    return true;
  }

  #outcome(changeId: bigint, error: Error | null, removedSelf: boolean): ConfChangeOutcome {
    const members = this.#dependencies.cluster.members();
    return { changeId, error, confState: this.#confState, removedSelf, members };
  }
}
