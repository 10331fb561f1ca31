import type { Clock } from '../base/clock.js';
import type { NodeId } from '../raft/index.js';
import type { PeerHandlers } from './options.js';

export interface ReportsDependencies {
  readonly clock: Clock;
  readonly handlers: Pick<PeerHandlers, 'reportUnreachable' | 'reportSnapshot'>;
}

/**
 * Tells Raft what was not delivered, in a later turn: the news arise while Raft's messages are being
 * sent, when it must not be called. Many losses of one turn make one report.
 */
export class Reports {
  readonly #clock: Clock;
  readonly #handlers: ReportsDependencies['handlers'];
  readonly #unreachable = new Set<NodeId>();
  #snapshots: { readonly id: NodeId; readonly succeeded: boolean }[] = [];
  #isScheduled = false;
  #isStopped = false;

  constructor(dependencies: ReportsDependencies) {
    this.#clock = dependencies.clock;
    this.#handlers = dependencies.handlers;
  }

  unreachable(id: NodeId): void {
    this.#unreachable.add(id);
    this.#schedule();
  }

  snapshot(id: NodeId, succeeded: boolean): void {
    this.#snapshots.push({ id, succeeded });
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#isScheduled = false;
    if (this.#isStopped) return;
    const unreachable = [...this.#unreachable];
    const snapshots = this.#snapshots;
    this.#unreachable.clear();
    this.#snapshots = [];
    for (const id of unreachable) this.#handlers.reportUnreachable(id);
    for (const { id, succeeded } of snapshots) this.#handlers.reportSnapshot(id, succeeded);
  }
}
