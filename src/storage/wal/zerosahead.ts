/**
 * Which writes of the log carry zeros behind them. A segment begins as a hole: each write into it has to
 * find blocks and to record them, which a journaling file system makes durable in a second step.
 * Into blocks that were written before, a write goes alone. Measured on ext4, mean of a durable write:
 * 28,000 bytes 0.18 ms into the hole and 0.13 ms so, 6,000 bytes 0.17 and 0.11, 400 bytes 0.10 and
 * 0.095; with 256 KiB at once the mean is the same and the 99th percentile higher.
 */

/** Most zeros with one write. */
export const ZEROS_AHEAD_BYTES = 128 << 10;
/** Longer writes soon use up what they prepared. */
const MAX_WRITE_BYTES = ZEROS_AHEAD_BYTES / 2;

export class ZerosAhead {
  readonly #segmentSizeBytes: number;
  /** Up to here the file was written. */
  #writtenUntil = 0;

  /** Nothing is ever written behind the end of the segment. */
  constructor(segmentSizeBytes: number) {
    this.#segmentSizeBytes = segmentSizeBytes;
  }

  /** A new segment, which is a hole. */
  begin(): void {
    this.#writtenUntil = 0;
  }

  /** Zeros to write behind a write that ends at `end`, up to the next boundary. */
  behind(end: number, sizeBytes: number): number {
    if (end <= this.#writtenUntil) return 0;
    this.#writtenUntil = end;
    if (sizeBytes > MAX_WRITE_BYTES) return 0;
    const boundary = (Math.floor(end / ZEROS_AHEAD_BYTES) + 1) * ZEROS_AHEAD_BYTES;
    this.#writtenUntil = Math.max(end, Math.min(boundary, this.#segmentSizeBytes));
    return this.#writtenUntil - end;
  }
}
