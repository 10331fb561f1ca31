/**
 * Request ids: u16 of the member id, 40 bits of Unix milliseconds, 8 bits of a counter that carries
 * into the time (formats.md §8). They differ between members and between runs of one member.
 *
 * All ids of one member share the upper 16 bits, so inside the process an id is its lower 48 bits, a
 * plain number; bigint stays off the hot path.
 */
export class RequestIds {
  /** The upper 16 bits of every id of this member. */
  readonly prefix: number;
  #suffix: number;

  constructor(memberId: bigint, unixMs: number) {
    this.prefix = Number(memberId & 0xffffn);
    this.#suffix = (unixMs % 2 ** 40) * 256;
  }

  /** The next id's lower 48 bits. */
  next(): number {
    this.#suffix = (this.#suffix + 1) % 2 ** 48;
    return this.#suffix;
  }

  /** The whole id. */
  full(suffix: number): bigint {
    return (BigInt(this.prefix) << 48n) | BigInt(suffix);
  }
}
