/** Gaps that are remembered; clients of all kinds count on by two and leave none, or one at first. */
const MAX_GAPS = 64;

/**
 * The stream identifiers that a client passed over. They are closed without having been used, and to
 * open one after all is another error than to reuse one (RFC 9113 §5.1.1); of older gaps nothing is
 * known any more, and the one is taken for the other.
 */
export class SkippedStreams {
  readonly #gaps: { readonly first: number; readonly last: number }[] = [];

  add(first: number, last: number): void {
    this.#gaps.push({ first, last });
    if (this.#gaps.length > MAX_GAPS) this.#gaps.shift();
  }

  has(id: number): boolean {
    return this.#gaps.some(({ first, last }) => first <= id && id <= last);
  }
}
