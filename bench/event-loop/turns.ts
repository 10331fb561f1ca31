/** Turns shorter than this are counted only; nobody asks for waits below it. */
const KEPT_FROM_MS = 0.25;

/** How long the turns of an event loop were, and what that means for who comes at any moment. */
export class Turns {
  count = 0;
  private kept: number[] = [];

  add(durationMs: number): void {
    this.count++;
    if (durationMs >= KEPT_FROM_MS) this.kept.push(durationMs);
  }

  /** The longest turns, in descending order. */
  longestMs(count: number): number[] {
    return [...this.kept].sort((a, b) => b - a).slice(0, count);
  }

  /**
   * The wait that a request which comes at a random moment of `totalMs` does not exceed with this
   * probability. A turn of 100 ms is one turn however short the others are, yet it is 100 ms in which
   * requests come: whoever comes within a turn waits for the rest of it. Waits below a quarter of a
   * millisecond are told as zero.
   */
  waitMs(share: number, totalMs: number): number {
    const allowedMs = (1 - share) * totalMs;
    const descending = [...this.kept].sort((a, b) => b - a);
    // The time in which one waits longer than w is the sum of (turn - w) over all longer turns.
    let sumMs = 0;
    for (const [index, turnMs] of descending.entries()) {
      sumMs += turnMs;
      const nextMs = descending[index + 1] ?? 0;
      const count = index + 1;
      if (sumMs - count * nextMs < allowedMs) continue;
      return Math.max(0, (sumMs - allowedMs) / count);
    }
    return 0;
  }
}
