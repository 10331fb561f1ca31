import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';
import { decodeHuffman, HuffmanError } from './huffman.js';
import { STATIC_TABLE, STATIC_TABLE_LENGTH } from './static-table.js';

/** A header block that cannot be decoded: a connection error COMPRESSION_ERROR (RFC 9113 §4.3). */
export class HpackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HpackError';
  }
}

/** No length, index or size in a header block is anywhere near this. */
const MAX_INTEGER = 2 ** 28;

/** Decodes the header blocks of one connection, in their order (RFC 7541). */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableBytes: number;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** `maxTableBytes` is the SETTINGS_HEADER_TABLE_SIZE that the client was told. */
  constructor(maxTableBytes: number) {
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(maxTableBytes);
  }

  /** See {@link DynamicTable.version}: a block that leaves it alone decodes the same again. */
  get tableVersion(): number {
    return this.#table.version;
  }

  get table(): DynamicTable {
    return this.#table;
  }

  /**
   * Appends the fields of `block[start, end)` to `fields` and returns the size of the list (RFC 9113
   * §6.5.2). Fields past `maxListBytes` count and change the table, but are not kept. Throws
   * {@link HpackError}.
   */
  decode(
    block: Buffer,
    start: number,
    end: number,
    fields: HeaderField[],
    maxListBytes: number,
  ): number {
    this.#block = block;
    this.#at = start;
    this.#end = end;
    let listBytes = 0;
    let mayResize = true;
    while (this.#at < end) {
      const first = block[this.#at] as number;
      let field: HeaderField;
      if (first >= 0x80) {
        field = this.#field(this.#integer(0x7f));
      } else if (first >= 0x40) {
        field = this.#literal(0x3f);
        this.#table.add(field);
      } else if (first >= 0x20) {
        // A dynamic table size update comes before the fields (§4.2).
        if (!mayResize) throw new HpackError('a table size update amid fields');
        this.#resize(this.#integer(0x1f));
        continue;
      } else {
        // Without indexing and never indexed are the same to who does not forward.
        field = this.#literal(0x0f);
      }
      mayResize = false;
      listBytes += field.sizeBytes;
      if (listBytes <= maxListBytes) fields.push(field);
    }
    return listBytes;
  }

  #field(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE_LENGTH
        ? STATIC_TABLE[index]
        : this.#table.at(index - STATIC_TABLE_LENGTH - 1);
    if (field === undefined) throw new HpackError(`no table entry ${index}`);
    return field;
  }

  #literal(prefixMask: number): HeaderField {
    const index = this.#integer(prefixMask);
    if (index !== 0) {
      const model = this.#field(index);
      return new HeaderField(model.name, this.#string(), model);
    }
    const name = this.#string();
    return new HeaderField(name, this.#string());
  }

  #resize(maxBytes: number): void {
    if (maxBytes > this.#maxTableBytes) throw new HpackError('a table size above the limit');
    this.#table.setMaxBytes(maxBytes);
  }

  /** An integer with a prefix in the current byte (§5.1). */
  #integer(prefixMask: number): number {
    let value = this.#byte() & prefixMask;
    if (value < prefixMask) return value;
    let scale = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value > MAX_INTEGER || scale > MAX_INTEGER) throw new HpackError('an integer too large');
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new HpackError('a truncated header block');
    return this.#block[this.#at++] as number;
  }

  /** A string literal (§5.2). */
  #string(): string {
    const first = this.#block[this.#at] ?? 0;
    const length = this.#integer(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new HpackError('a truncated string');
    this.#at = end;
    if (first < 0x80) return this.#block.toString('latin1', start, end);
    try {
      return decodeHuffman(this.#block, start, end);
    } catch (error) {
      if (error instanceof HuffmanError) throw new HpackError(error.message);
      throw error;
    }
  }
}
