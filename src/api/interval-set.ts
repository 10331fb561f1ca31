interface Interval {
  readonly start: string;
  readonly end: string;
}

/**
 * The union of key ranges, asked whether it contains a key. Ranges are merged when the first
 * question after an addition comes, so n additions and m questions cost O((n + m) log n).
 */
export class IntervalSet {
  #pending: Interval[] = [];
  /** Ascending and disjoint. */
  #merged: Interval[] = [];

  /**
   * Adds [start, end), or the single key `start` if `end` is empty. A range that ends before it
   * starts contains nothing; etcd sees a from-key range (end "\0") as such a one (G.19).
   */
  add(start: string, end: string): void {
    const realEnd = end === '' ? `${start}\0` : end;
    if (start < realEnd) this.#pending.push({ start, end: realEnd });
  }

  /** Adds what another set contains. */
  addAll(other: IntervalSet): void {
    for (const interval of other.#merged) this.#pending.push(interval);
    for (const interval of other.#pending) this.#pending.push(interval);
  }

  contains(key: string): boolean {
    if (this.#pending.length > 0) this.#merge();
    const merged = this.#merged;
    let low = 0;
    let high = merged.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const interval = merged[middle];
      if (interval !== undefined && interval.start <= key) low = middle + 1;
      else high = middle;
    }
    const candidate = merged[low - 1];
    return candidate !== undefined && key < candidate.end;
  }

  #merge(): void {
    const all = [...this.#merged, ...this.#pending];
    all.sort((a, b) => (a.start === b.start ? 0 : a.start < b.start ? -1 : 1));
    const merged: Interval[] = [];
    for (const interval of all) {
      const last = merged[merged.length - 1];
      if (last === undefined || interval.start > last.end) merged.push(interval);
      else if (interval.end > last.end) {
        merged[merged.length - 1] = { start: last.start, end: interval.end };
      }
    }
    this.#merged = merged;
    this.#pending = [];
  }
}
