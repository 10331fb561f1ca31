/** The largest ordinary slab; a small budget is cut into smaller ones. */
const MAX_SLAB_BYTES = 1 << 20;
const MIN_SLAB_BYTES = 256;
const MIN_SLABS = 16;
/** Records above this part of a slab get one of their own, so that the end of a slab is not wasted. */
const LARGE_RECORD_PART = 1 / 4;
/** Each record is preceded by its length. */
const HEADER_BYTES = 4;
/**
 * Addresses begin here, beyond the small integers of V8: a field that holds them has one
 * representation for good, instead of changing that of a million objects when 2 GiB are written.
 */
const FIRST_ADDRESS = 2 ** 32;

/**
 * The newest records in memory: an append-only log of encoded records in slabs. A record is addressed
 * by one number, which is valid while it is not below {@link tail}. Slabs are dropped from the oldest
 * on (first in, first out), never written again, so a view of a record stays what it is.
 */
export class ValueLog {
  private readonly budgetBytes: number;
  /** The unit of addresses and the size of an ordinary slab; a power of two. */
  private readonly slabBytes: number;
  /** Slabs by unit; a large record's slab stands at its first unit, `undefined` at the others. */
  private readonly slabs: (Buffer | undefined)[] = [];
  /** The unit of `slabs[0]`. */
  private firstUnit: number;
  private usedBytes = 0;
  private head = FIRST_ADDRESS;
  /** Where the slab that is written ends; equal to head when a new one is needed. */
  private headEnd = FIRST_ADDRESS;
  private headSlab: Buffer = Buffer.alloc(0);

  /** The slab and offset of the record last reserved. */
  target: Buffer = this.headSlab;
  targetOffset = 0;

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
    let slabBytes = MIN_SLAB_BYTES;
    while (slabBytes < MAX_SLAB_BYTES && slabBytes * MIN_SLABS < budgetBytes) slabBytes *= 2;
    this.slabBytes = slabBytes;
    this.firstUnit = FIRST_ADDRESS / slabBytes;
  }

  /** The lowest valid address. */
  get tail(): number {
    return this.firstUnit * this.slabBytes;
  }

  /** Bytes of all slabs. */
  get sizeBytes(): number {
    return this.usedBytes;
  }

  has(address: number): boolean {
    return address >= this.firstUnit * this.slabBytes;
  }

  /** The record at a valid address. */
  view(address: number): Buffer {
    const unit = Math.floor(address / this.slabBytes);
    const slab = this.slabs[unit - this.firstUnit] as Buffer;
    const offset = address - unit * this.slabBytes;
    const length =
      (slab[offset] as number) |
      ((slab[offset + 1] as number) << 8) |
      ((slab[offset + 2] as number) << 16) |
      ((slab[offset + 3] as number) << 24);
    const start = offset + HEADER_BYTES;
    return slab.subarray(start, start + length);
  }

  /**
   * Makes room for a record; the caller writes `length` bytes into {@link target} at
   * {@link targetOffset} at once. Returns the record's address.
   */
  reserve(length: number): number {
    const needed = length + HEADER_BYTES;
    if (this.head + needed > this.headEnd) this.addSlab(needed);
    const address = this.head;
    const slab = this.headSlab;
    const offset = slab.length - (this.headEnd - address);
    slab[offset] = length;
    slab[offset + 1] = length >>> 8;
    slab[offset + 2] = length >>> 16;
    slab[offset + 3] = length >>> 24;
    this.head = address + needed;
    this.target = slab;
    this.targetOffset = offset + HEADER_BYTES;
    return address;
  }

  /** Appends a copy of the encoded record `source[start, end)`; returns its address. */
  append(source: Buffer, start = 0, end = source.length): number {
    const address = this.reserve(end - start);
    source.copy(this.target, this.targetOffset, start, end);
    return address;
  }

  /** Forgets all records. Addresses given out before are invalid. */
  clear(): void {
    this.firstUnit += this.slabs.length;
    this.slabs.length = 0;
    this.usedBytes = 0;
    this.head = this.tail;
    this.headEnd = this.head;
  }

  private addSlab(needed: number): void {
    const { slabBytes } = this;
    const large = needed > slabBytes * LARGE_RECORD_PART;
    const slab = Buffer.allocUnsafeSlow(large ? needed : slabBytes);
    const start = (this.firstUnit + this.slabs.length) * slabBytes;
    this.slabs.push(slab);
    for (let unit = slabBytes; unit < slab.length; unit += slabBytes) this.slabs.push(undefined);
    this.usedBytes += slab.length;
    this.headSlab = slab;
    this.head = start;
    this.headEnd = start + slab.length;
    while (this.usedBytes > this.budgetBytes && this.slabs[0] !== slab) this.dropOldest();
  }

  private dropOldest(): void {
    this.usedBytes -= this.slabs[0]?.length ?? 0;
    do {
      this.slabs.shift();
      this.firstUnit++;
    } while (this.slabs[0] === undefined);
  }
}
