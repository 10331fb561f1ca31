import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { OutgoingSnapshot } from '../../peer/index.js';
import { formatNodeId, type Message, type NodeId, type Snapshot } from '../../raft/index.js';
import type { Backend } from '../../storage/backend/index.js';
import { DatabaseSnapshot } from '../snapshot-stream.js';
import { SnapshotRefusedError } from './errors.js';
import { type DatabaseMembership, includesMember } from './frozen-membership.js';
import type { LogHolds } from './log-holds.js';

/** Each costs a view that keeps deleted records on disk, and reads the whole database twice. */
const MAX_CONCURRENT = 2;

export interface OutgoingSnapshotDependencies {
  readonly backend: Backend;
  readonly holds: LogHolds;
  readonly logger: Logger;
  /** Hands it to the peer transport, which calls `closed` once whatever happens. */
  readonly sendSnapshot: (snapshot: OutgoingSnapshot) => void;
  /** Tells Raft how it went: once for each message. */
  readonly reportSnapshot: (id: NodeId, succeeded: boolean) => void;
}

/**
 * Sends members that lag the whole state: what Raft wants to send is a position in the log; what goes
 * out is the state of now with its own position, which is that one or later (formats.md §7.6).
 */
export class OutgoingSnapshots {
  readonly #dependencies: OutgoingSnapshotDependencies;
  readonly #underWay = new Map<NodeId, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(dependencies: OutgoingSnapshotDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Sends the snapshot of a message that Raft made. Whatever comes of it, Raft is told once, in a later
   * turn, through `reportSnapshot`, so what the transport reports itself must not reach Raft as well.
   */
  send(message: Message): void {
    const { reportSnapshot, logger } = this.#dependencies;
    const isBusy = this.#underWay.has(message.to) || this.#underWay.size >= MAX_CONCURRENT;
    if (isBusy || this.#stopping.signal.aborted) {
      // Never from within the call: Raft is in the middle of its own step.
      queueMicrotask(() => reportSnapshot(message.to, false));
      return;
    }
    const sending = this.#send(message).then(
      () => true,
      (error: unknown) => {
        const fields = { 'remote-peer-id': formatNodeId(message.to), error: errorText(error) };
        logger.warn('failed to send a database snapshot', fields);
        return false;
      },
    );
    this.#underWay.set(
      message.to,
      sending.then((succeeded) => {
        this.#underWay.delete(message.to);
        reportSnapshot(message.to, succeeded);
      }),
    );
  }

  /**
   * Breaks off what is not with the transport yet; resolves when no view of the backend is open any
   * more, for which the transport must have been stopped.
   */
  async stop(): Promise<void> {
    this.#stopping.abort(new SnapshotRefusedError('the member is stopping'));
    await Promise.all(this.#underWay.values());
  }

  /** Resolves when the other member has stored it. */
  async #send(message: Message): Promise<void> {
    const { backend, holds } = this.#dependencies;
    const wanted = message.snapshot?.metadata.index ?? 0;
    const release = holds.hold(wanted);
    let isStored = false;
    try {
      const database = await DatabaseSnapshot.open(backend, this.#stopping.signal);
      try {
        const snapshot = this.#describe(database, await database.membership(), message);
        await this.#hand({ ...message, snapshot }, database);
        isStored = true;
      } finally {
        await database.close();
      }
    } finally {
      release(isStored);
    }
  }

  /** The snapshot as the database holds it. */
  #describe(
    { consistentIndex: index, term }: DatabaseSnapshot,
    { confState, v2Store }: DatabaseMembership,
    message: Message,
  ): Snapshot {
    const wanted = message.snapshot?.metadata.index ?? 0;
    if (index < wanted) {
      throw new SnapshotRefusedError(`the backend is at entry ${index}, before ${wanted}`);
    }
    // A member that is not in the configuration would take the snapshot and ignore it.
    if (!includesMember(confState, message.to)) {
      throw new SnapshotRefusedError(`the member is not in the configuration of entry ${index}`);
    }
    return { data: v2Store, metadata: { index, term, confState } };
  }

  #hand(message: Message, database: DatabaseSnapshot): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#dependencies.sendSnapshot({
        message,
        database: database.blocks(),
        sizeBytes: database.sizeBytes,
        closed: (error) => (error === undefined ? resolve() : reject(error)),
      });
    });
  }
}
