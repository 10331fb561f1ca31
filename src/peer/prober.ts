import { errorText } from '../base/errors.js';
import { formatNodeId, type NodeId } from '../raft/index.js';
import type { PeerContext } from './context.js';
import { PeerRequestError } from './errors.js';
import type { UrlPicker } from './peer-url.js';
import type { Answer, RequestScope } from './request-scope.js';

/** Clocks further apart than this are worth a warning. */
const MAX_CLOCK_DIFFERENCE_MS = 1000;
/** How much a new measurement counts in the smoothed round-trip time. */
const SMOOTHING = 0.125;

export interface ProberDependencies {
  readonly context: PeerContext;
  readonly picker: UrlPicker;
  readonly scope: RequestScope;
}

/** Asks one member every few seconds whether it is there, how far away it is, and what time it has. */
export class Prober {
  readonly #peerId: NodeId;
  readonly #context: PeerContext;
  readonly #picker: UrlPicker;
  readonly #scope: RequestScope;
  #roundTripMs: number | undefined;
  #cancelInterval: (() => void) | undefined;
  #isWaiting = false;
  #isStopped = false;

  constructor(peerId: NodeId, dependencies: ProberDependencies) {
    this.#peerId = peerId;
    this.#context = dependencies.context;
    this.#picker = dependencies.picker;
    this.#scope = dependencies.scope;
  }

  /** The smoothed round-trip time, undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  start(): void {
    const { clock, settings } = this.#context;
    this.#cancelInterval = clock.setInterval(() => void this.#probe(), settings.probeIntervalMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelInterval?.();
  }

  /** Never rejects. */
  async #probe(): Promise<void> {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const { clock, settings, throttledLog } = this.#context;
    const fields = { 'remote-peer-id': formatNodeId(this.#peerId) };
    const startMs = clock.nowMs();
    try {
      const url = this.#picker.pick();
      const answer = await this.#scope.exchange(
        { url, method: 'GET', path: '/raft/probing', headers: {}, reuseConnection: true },
        { connectMs: settings.dialTimeoutMs, idleMs: settings.ioTimeoutMs },
      );
      const tookMs = clock.nowMs() - startMs;
      const difference = Math.abs(clock.unixMs() - tookMs / 2 - timeOf(answer));
      this.#roundTripMs =
        this.#roundTripMs === undefined
          ? tookMs
          : this.#roundTripMs + SMOOTHING * (tookMs - this.#roundTripMs);
      if (difference > MAX_CLOCK_DIFFERENCE_MS) {
        throttledLog.warn(fields['remote-peer-id'], 'prober found high clock drift', {
          ...fields,
          'clock-drift-ms': Math.round(difference),
        });
      }
    } catch (error) {
      if (!this.#isStopped) {
        throttledLog.warn(fields['remote-peer-id'], 'prober detected unhealthy status', {
          ...fields,
          error: errorText(error),
        });
      }
    } finally {
      this.#isWaiting = false;
    }
  }
}

/** The time that the answer tells, in milliseconds since the epoch. */
function timeOf(answer: Answer): number {
  const timeMs = Date.parse(/"Now":"([^"]*)"/.exec(answer.body.toString('utf8'))?.[1] ?? '');
  if (answer.status !== 200 || Number.isNaN(timeMs)) {
    throw new PeerRequestError(`unexpected answer to a probe`, answer.status);
  }
  return timeMs;
}
