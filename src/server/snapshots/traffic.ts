import type { Clock } from '../../base/clock.js';
import { exponentialBounds, Histogram } from '../../base/metrics.js';
import type { NodeId } from '../../raft/index.js';

/** Snapshots to or from one member. */
export interface SnapshotCounts {
  readonly inFlight: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Seconds that those took which succeeded. */
  readonly durations: Histogram;
}

const BOUNDS = exponentialBounds(0.1, 2, 10);
/** Members come and go; so many are told apart. */
const MAX_MEMBERS = 1024;

/** Snapshots in one direction, by the member at the other end. */
export class SnapshotTraffic {
  /** Seconds of all that succeeded. */
  readonly durations = new Histogram(BOUNDS);
  readonly #clock: Clock;
  readonly #byMember = new Map<NodeId, SnapshotCounts>();
  readonly #startedAtMs = new Map<NodeId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get byMember(): ReadonlyMap<NodeId, SnapshotCounts> {
    return this.#byMember;
  }

  began(id: NodeId): void {
    const counts = this.#countsOf(id);
    if (counts === undefined) return;
    if (counts.inFlight === 0) this.#startedAtMs.set(id, this.#clock.nowMs());
    this.#byMember.set(id, { ...counts, inFlight: counts.inFlight + 1 });
  }

  ended(id: NodeId, succeeded: boolean): void {
    const counts = this.#countsOf(id);
    if (counts === undefined) return;
    const startMs = this.#startedAtMs.get(id) ?? this.#clock.nowMs();
    if (succeeded) {
      const seconds = (this.#clock.nowMs() - startMs) / 1000;
      counts.durations.observe(seconds);
      this.durations.observe(seconds);
    }
    this.#byMember.set(id, {
      inFlight: Math.max(0, counts.inFlight - 1),
      succeeded: counts.succeeded + Number(succeeded),
      failed: counts.failed + Number(!succeeded),
      durations: counts.durations,
    });
  }

  #countsOf(id: NodeId): SnapshotCounts | undefined {
    const known = this.#byMember.get(id);
    if (known !== undefined || this.#byMember.size >= MAX_MEMBERS) return known;
    return { inFlight: 0, succeeded: 0, failed: 0, durations: new Histogram(BOUNDS) };
  }
}
