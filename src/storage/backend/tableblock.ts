/** The entries of one block of a table file (doc/table_format.md of LevelDB, "Block"). */
import { WireError } from '../protowire.js';

const INITIAL_KEY_BYTES = 64;
/** The number of restart points stands at the end of a block, the points before it. */
const RESTART_BYTES = 4;

/**
 * Walks over the entries of blocks, one after the other in the same object, since there is a block for
 * every dozen records. Keys are put together here, values stay where they are.
 */
export class BlockEntries {
  /** The current key is `key[0, keyLength)`. */
  key: Buffer = Buffer.alloc(INITIAL_KEY_BYTES);
  keyLength = 0;
  /** The current value is `source[valueStart, valueEnd)`. */
  source: Buffer = Buffer.alloc(0);
  valueStart = 0;
  valueEnd = 0;
  #position = 0;
  #end = 0;
  #views: (Buffer | undefined)[] = [];

  /** Goes in front of the first entry of the block `source[start, end)`. Throws WireError. */
  enter(source: Buffer, start: number, end: number): void {
    if (end - start < RESTART_BYTES) throw new WireError('a block without restart points');
    const restarts = source.readUInt32LE(end - RESTART_BYTES);
    this.source = source;
    this.keyLength = 0;
    this.#position = start;
    this.#end = end - RESTART_BYTES - restarts * RESTART_BYTES;
    if (this.#end < start) throw new WireError('restart points past the block');
  }

  /** Goes to the next entry; false at the end of the block. Throws WireError. */
  step(): boolean {
    if (this.#position >= this.#end) return false;
    const shared = this.#varint();
    const added = this.#varint();
    const valueLength = this.#varint();
    const keyEnd = this.#position + added;
    const valueEnd = keyEnd + valueLength;
    if (shared > this.keyLength || valueEnd > this.#end)
      throw new WireError('entry past the block');
    const length = shared + added;
    if (length > this.key.length) this.#growKey(length);
    const { key, source } = this;
    for (let from = this.#position, to = shared; from < keyEnd; from++, to++) {
      key[to] = source[from] as number;
    }
    this.keyLength = length;
    this.valueStart = keyEnd;
    this.valueEnd = valueEnd;
    this.#position = valueEnd;
    return true;
  }

  /** `key[1, end)` as a view that lasts until the next step. */
  keyWithoutBucket(end: number): Buffer {
    let view = this.#views[end];
    if (view === undefined) {
      view = this.key.subarray(1, end);
      this.#views[end] = view;
    }
    return view;
  }

  #growKey(length: number): void {
    const larger = Buffer.alloc(length * 2);
    larger.set(this.key);
    this.key = larger;
    this.#views = [];
  }

  #varint(): number {
    const { source } = this;
    let position = this.#position;
    let value = 0;
    let scale = 1;
    for (; position < this.#end; scale *= 0x80) {
      const byte = source[position++] as number;
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80 && scale < 2 ** 28) continue;
      this.#position = position;
      return value;
    }
    throw new WireError('varint past the end');
  }
}
