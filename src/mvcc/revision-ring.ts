/** Changes the ring starts with room for, and at most has. */
const INITIAL_CAPACITY = 1024;
const MAX_CAPACITY = 1 << 20;

/**
 * The newest changes in order of revision, with the addresses of their records: what watchers that
 * resume at a recent revision, and reads of recent older revisions, are served from. Typed arrays,
 * since there are up to a million of them.
 *
 * Changes are addressed by a running number; those in [{@link first}, {@link end}) are there.
 */
export class RevisionRing {
  private capacity = INITIAL_CAPACITY;
  private mains = new Float64Array(INITIAL_CAPACITY);
  private codes = new Float64Array(INITIAL_CAPACITY);
  private addresses = new Float64Array(INITIAL_CAPACITY);
  private firstNumber = 0;
  private endNumber = 0;
  /** The revision of the last change forgotten; of that revision some may still be here. */
  private forgottenMain = 0;

  /** The number of the oldest change. */
  get first(): number {
    return this.firstNumber;
  }

  /** The number the next change will have. */
  get end(): number {
    return this.endNumber;
  }

  mainAt(number: number): number {
    return this.mains[number & (this.capacity - 1)] as number;
  }

  codeAt(number: number): number {
    return this.codes[number & (this.capacity - 1)] as number;
  }

  addressAt(number: number): number {
    return this.addresses[number & (this.capacity - 1)] as number;
  }

  push(main: number, code: number, address: number): void {
    if (this.endNumber - this.firstNumber === this.capacity) this.makeRoom();
    const slot = this.endNumber++ & (this.capacity - 1);
    this.mains[slot] = main;
    this.codes[slot] = code;
    this.addresses[slot] = address;
  }

  /** Forgets changes whose record's address is below `tail`; addresses ascend. */
  dropBelow(tail: number): void {
    while (this.firstNumber < this.endNumber && this.addressAt(this.firstNumber) < tail) {
      this.dropFirst();
    }
  }

  clear(): void {
    this.firstNumber = this.endNumber;
    this.forgottenMain = 0;
  }

  /** Whether every change from the revision `main` on is here. */
  hasAllFrom(main: number): boolean {
    return main > this.forgottenMain;
  }

  /** The lowest revision from which on every change is here. */
  get completeFrom(): number {
    return this.forgottenMain + 1;
  }

  /** The number of the first change that is not before (main, code). */
  lowerBound(main: number, code: number): number {
    let low = this.firstNumber;
    let high = this.endNumber;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const middleMain = this.mainAt(middle);
      const before = middleMain < main || (middleMain === main && this.codeAt(middle) < code);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The address of one change's record, or undefined if the ring does not have it. */
  find(main: number, code: number): number | undefined {
    const number = this.lowerBound(main, code);
    if (number === this.endNumber) return undefined;
    if (this.mainAt(number) !== main || this.codeAt(number) !== code) return undefined;
    return this.addressAt(number);
  }

  private dropFirst(): void {
    this.forgottenMain = this.mainAt(this.firstNumber);
    this.firstNumber++;
  }

  private makeRoom(): void {
    if (this.capacity === MAX_CAPACITY) {
      this.dropFirst();
      return;
    }
    const larger = this.capacity * 2;
    this.mains = this.widened(this.mains, larger);
    this.codes = this.widened(this.codes, larger);
    this.addresses = this.widened(this.addresses, larger);
    this.capacity = larger;
  }

  private widened(from: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
    const to = new Float64Array(capacity);
    for (let number = this.firstNumber; number < this.endNumber; number++) {
      to[number & (capacity - 1)] = from[number & (this.capacity - 1)] as number;
    }
    return to;
  }
}
