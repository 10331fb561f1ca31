import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { formatNodeId, type NodeId } from '../raft/index.js';

/** What was sent to and received from one member, for metrics. */
export interface PeerCounters {
  sentBytes: number;
  receivedBytes: number;
  sentFailures: number;
  receivedFailures: number;
  disconnects: number;
}

/** What is known about the way to one member. */
export class PeerStatus {
  readonly counters: PeerCounters = {
    sentBytes: 0,
    receivedBytes: 0,
    sentFailures: 0,
    receivedFailures: 0,
    disconnects: 0,
  };
  readonly #id: NodeId;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #activeSinceMs: number | undefined;

  constructor(id: NodeId, dependencies: { readonly clock: Clock; readonly logger: Logger }) {
    this.#id = id;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
  }

  /** Since when the member is reached without a failure, on the monotonic clock; undefined: it is not. */
  get activeSinceMs(): number | undefined {
    return this.#activeSinceMs;
  }

  /** Something got through. */
  activate(): void {
    if (this.#activeSinceMs !== undefined) return;
    this.#activeSinceMs = this.#clock.nowMs();
    this.#logger.info('peer became active', { 'peer-id': formatNodeId(this.#id) });
  }

  /** Something did not get through. `action` and `source` say what: `dial` on `stream Message`. */
  deactivate(action: string, source: string, reason: string): void {
    const id = formatNodeId(this.#id);
    const error = `failed to ${action} ${id} on ${source} (${reason})`;
    if (this.#activeSinceMs === undefined) {
      this.#logger.debug('peer deactivated again', { 'peer-id': id, error });
      return;
    }
    this.#activeSinceMs = undefined;
    this.counters.disconnects++;
    this.#logger.warn('peer became inactive (message send to peer failed)', {
      'peer-id': id,
      error,
    });
  }
}
