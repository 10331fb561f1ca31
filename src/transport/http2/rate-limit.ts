/** A token bucket: so many at once, and so many per second in the long run. */
export class RateLimit {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #refilledAtMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
    this.#refilledAtMs = nowMs;
  }

  /** Takes one token; false when there is none. The clock is only asked when the bucket is empty. */
  take(nowMs: () => number): boolean {
    if (!this.hasSome(nowMs)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether there is a token to take. */
  hasSome(nowMs: () => number): boolean {
    if (this.#tokens < 1) this.#refill(nowMs());
    return this.#tokens >= 1;
  }

  /** Takes what was used already, also more than there was. */
  spend(tokens: number): void {
    this.#tokens -= tokens;
  }

  /** Gives tokens for useful work. */
  earn(tokens: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + tokens);
  }

  #refill(nowMs: number): void {
    const earned = (nowMs - this.#refilledAtMs) * this.#perMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#refilledAtMs = nowMs;
  }
}
