/** Pings too soon after one another that are borne with; one more, and the client is sent away. */
const MAX_STRIKES = 2;
/** A client without calls has no reason to ping more often. */
const IDLE_MIN_TIME_MS = 2 * 60 * 60 * 1000;

/**
 * Whether a client pings too often, by the rules of Go's gRPC server with etcd's settings (no pings
 * without streams): a ping that comes too soon after the last one is a strike, unless the server has
 * sent headers or data since then, which forgives all strikes.
 */
export class PingPolicy {
  readonly #minTimeMs: number;
  #lastPingAtMs = Number.NEGATIVE_INFINITY;
  #strikes = 0;

  constructor(options: { readonly minTimeMs: number }) {
    this.#minTimeMs = options.minTimeMs;
  }

  /** Records a ping; false when it is one too many. */
  allow(nowMs: number, hasStreams: boolean, hasSentSinceLastPing: boolean): boolean {
    const sinceLastMs = nowMs - this.#lastPingAtMs;
    this.#lastPingAtMs = nowMs;
    if (hasSentSinceLastPing) {
      this.#strikes = 0;
      return true;
    }
    const minTimeMs = hasStreams ? this.#minTimeMs : IDLE_MIN_TIME_MS;
    if (sinceLastMs < minTimeMs) this.#strikes += 1;
    return this.#strikes <= MAX_STRIKES;
  }
}
