/** Bounds that grow by a factor: `start`, `start * factor`, … */
export function exponentialBounds(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start * factor ** index);
}

/**
 * How observed values spread over ranges. Nothing is made of them before somebody asks: an observation
 * is a short search and two additions, so that it may stand on a hot path.
 */
export class Histogram {
  /** Upper bounds of the ranges, ascending; a value that equals one belongs to it. */
  readonly bounds: readonly number[];
  /** By range, not cumulated; the last holds what is above all bounds. */
  readonly counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  get sum(): number {
    return this.#sum;
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let range = 0;
    // Most values are small, so the search from below ends soon.
    while (range < bounds.length && value > (bounds[range] as number)) range++;
    counts[range] = (counts[range] as number) + 1;
    this.#sum += value;
  }
}

/** Histograms of one measure by the kind of what was measured, and by whether that succeeded. */
export class OutcomeHistograms<Kind> {
  readonly #bounds: readonly number[];
  readonly #byKind = new Map<Kind, { readonly succeeded: Histogram; readonly failed: Histogram }>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(kind: Kind, succeeded: boolean, value: number): void {
    let pair = this.#byKind.get(kind);
    if (pair === undefined) {
      pair = { succeeded: new Histogram(this.#bounds), failed: new Histogram(this.#bounds) };
      this.#byKind.set(kind, pair);
    }
    (succeeded ? pair.succeeded : pair.failed).observe(value);
  }

  /** Kinds that were seen, with both histograms. */
  entries(): Iterable<[Kind, { readonly succeeded: Histogram; readonly failed: Histogram }]> {
    return this.#byKind.entries();
  }
}
