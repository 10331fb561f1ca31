/** What the queue holds: something with a deadline that may move later, never earlier. */
export interface Expiring {
  /** When it expires, in the clock's milliseconds; Infinity for never. */
  expiresAtMs: number;
}

interface Slot<T extends Expiring> {
  item: T;
  /** The deadline at the time of insertion: the item's real one is the same or later. */
  checkAtMs: number;
}

/**
 * A binary heap by deadline in which renewals cost nothing: a slot keeps the deadline it was put in
 * with, and is put back with the current one when its old one passes. Items are removed lazily.
 */
export class ExpiryQueue<T extends Expiring> {
  readonly #slots: Slot<T>[] = [];

  /** Slots in the heap; bounded by the number of live items plus those removed since they last came up. */
  get size(): number {
    return this.#slots.length;
  }

  clear(): void {
    this.#slots.length = 0;
  }

  push(item: T): void {
    const slots = this.#slots;
    slots.push({ item, checkAtMs: item.expiresAtMs });
    let index = slots.length - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#deadline(parent) <= this.#deadline(index)) break;
      this.#swap(parent, index);
      index = parent;
    }
  }

  /**
   * Takes out the items that have expired at `nowMs` and are still wanted, at most `limit`.
   * An item that expired but stays (its removal takes a while) must be pushed again by the caller.
   */
  takeExpired(nowMs: number, limit: number, isWanted: (item: T) => boolean): T[] {
    const expired: T[] = [];
    while (expired.length < limit) {
      const top = this.#slots[0];
      if (top === undefined || top.checkAtMs > nowMs) break;
      this.#pop();
      if (!isWanted(top.item)) continue;
      if (top.item.expiresAtMs > nowMs) this.push(top.item);
      else expired.push(top.item);
    }
    return expired;
  }

  #pop(): void {
    const slots = this.#slots;
    const last = slots.pop();
    if (last === undefined || slots.length === 0) return;
    slots[0] = last;
    let index = 0;
    for (;;) {
      const left = index * 2 + 1;
      const right = left + 1;
      let least = index;
      if (left < slots.length && this.#deadline(left) < this.#deadline(least)) least = left;
      if (right < slots.length && this.#deadline(right) < this.#deadline(least)) least = right;
      if (least === index) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #deadline(index: number): number {
    return this.#slots[index]?.checkAtMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const slots = this.#slots;
    const [first, second] = [slots[a], slots[b]];
    if (first === undefined || second === undefined) return;
    slots[a] = second;
    slots[b] = first;
  }
}
