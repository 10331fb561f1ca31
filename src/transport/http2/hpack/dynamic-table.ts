import type { HeaderField } from './header-field.js';

const MIN_ENTRY_BYTES = 32;

/** The dynamic table of HPACK (RFC 7541 §2.3.2, §4): newest first, evicted from the other end. */
export class DynamicTable {
  /** A ring: the newest entry is at `#newest`, older ones follow. */
  readonly #ring: (HeaderField | undefined)[];
  readonly #mask: number;
  #newest = 0;
  #length = 0;
  #sizeBytes = 0;
  #maxBytes: number;
  /** Counts the changes: equal versions of a table hold equal entries at equal indexes. */
  version = 0;

  /** `capacityBytes` is the most that {@link setMaxBytes} will ever be given. */
  constructor(capacityBytes: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, capacityBytes / MIN_ENTRY_BYTES + 1)));
    this.#ring = new Array<HeaderField | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
    this.#maxBytes = capacityBytes;
  }

  get length(): number {
    return this.#length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The entry at a zero-based index, 0 being the newest. */
  at(index: number): HeaderField | undefined {
    return index < this.#length ? this.#ring[(this.#newest + index) & this.#mask] : undefined;
  }

  /** Adds an entry; one that is larger than the table empties it (§4.4). */
  add(field: HeaderField): void {
    this.version += 1;
    this.#evictTo(this.#maxBytes - field.sizeBytes);
    if (field.sizeBytes > this.#maxBytes) return;
    this.#newest = (this.#newest - 1) & this.#mask;
    this.#ring[this.#newest] = field;
    this.#length += 1;
    this.#sizeBytes += field.sizeBytes;
  }

  setMaxBytes(maxBytes: number): void {
    this.version += 1;
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(sizeBytes: number): void {
    while (this.#length > 0 && this.#sizeBytes > sizeBytes) {
      const oldest = (this.#newest + this.#length - 1) & this.#mask;
      this.#sizeBytes -= this.#ring[oldest]?.sizeBytes ?? 0;
      this.#ring[oldest] = undefined;
      this.#length -= 1;
    }
  }
}
