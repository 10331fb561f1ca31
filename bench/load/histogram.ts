/** Buckets per e-fold: a value is kept with an error below 0.4 %. */
const RESOLUTION = 128;
const BUCKETS = 32 * RESOLUTION;

/** Latencies in microseconds, in logarithmic buckets; the mean and the greatest are exact. */
export class Histogram {
  count = 0;
  /** The greatest; 0 of none. */
  maxUs = 0;
  private sumUs = 0;
  private readonly buckets = new Uint32Array(BUCKETS);

  add(us: number): void {
    this.count++;
    this.sumUs += us;
    if (us > this.maxUs) this.maxUs = us;
    const bucket = us <= 1 ? 0 : Math.min(BUCKETS - 1, Math.round(Math.log(us) * RESOLUTION));
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }

  get meanUs(): number {
    return this.count === 0 ? Number.NaN : this.sumUs / this.count;
  }

  /** The value that a share (0 to 1) of all values does not exceed. */
  quantileUs(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.count * share));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.buckets[bucket] ?? 0;
      if (seen >= wanted) return Math.exp(bucket / RESOLUTION);
    }
    return Number.NaN;
  }
}
