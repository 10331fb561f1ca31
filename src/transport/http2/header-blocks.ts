import type { MethodTable } from './grpc/method-table.js';
import { parseRequestHead, type RequestHead } from './grpc/request-head.js';
import { HpackDecoder, HpackError } from './hpack/decoder.js';
import { type HeaderField, HeaderKind, LAST_PSEUDO_KIND } from './hpack/header-field.js';
import { ConnectionError, DEFAULT_HEADER_TABLE_BYTES, ErrorCode } from './protocol.js';

/** A block that was decoded before. */
interface KnownBlock {
  readonly bytes: Buffer;
  readonly tableVersion: number;
  readonly head: RequestHead;
}

/** A client alternates between a few methods; each has its own block. */
const MAX_KNOWN_BLOCKS = 8;
const MAX_KNOWN_BLOCK_BYTES = 512;

/**
 * Turns the header blocks of one connection into request heads.
 *
 * Clients repeat themselves byte for byte, so blocks that were decoded before are recognised. What a
 * block means depends on its bytes and on the dynamic table alone. So a block is remembered only if
 * it left the table as it was (no literal with indexing, no size update), together with the table's
 * version, and it is recognised only while the table has that version: every change of the table
 * makes another, so the table is then entry for entry the one that the block was decoded with, and
 * skipping the decoder leaves it as decoding would.
 */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder(DEFAULT_HEADER_TABLE_BYTES);
  readonly #methods: MethodTable;
  readonly #maxListBytes: number;
  readonly #known: KnownBlock[] = [];
  #lastHit = 0;
  #nextVictim = 0;

  constructor(options: { readonly maxHeaderListBytes: number }, methods: MethodTable) {
    this.#methods = methods;
    this.#maxListBytes = options.maxHeaderListBytes;
  }

  /**
   * The head of a request whose complete block is `bytes[start, end)`; undefined when the list is
   * too large. Throws {@link ConnectionError} when it cannot be decoded.
   */
  head(bytes: Buffer, start: number, end: number): RequestHead | undefined {
    const known = this.#find(bytes, start, end);
    if (known !== undefined) return known;
    const versionBefore = this.#decoder.tableVersion;
    const fields: HeaderField[] = [];
    if (!this.#decode(bytes, start, end, fields)) return undefined;
    const head = parseRequestHead(fields, this.#methods);
    if (this.#decoder.tableVersion === versionBefore && end - start <= MAX_KNOWN_BLOCK_BYTES) {
      this.#remember({
        bytes: Buffer.from(bytes.subarray(start, end)),
        tableVersion: versionBefore,
        head,
      });
    }
    return head;
  }

  /** Decodes the trailers of a request; false when they are malformed (RFC 9113 §8.1). */
  trailers(bytes: Buffer, start: number, end: number): boolean {
    const fields: HeaderField[] = [];
    if (!this.#decode(bytes, start, end, fields)) return false;
    return fields.every(mayBeTrailer);
  }

  #decode(bytes: Buffer, start: number, end: number, fields: HeaderField[]): boolean {
    try {
      const listBytes = this.#decoder.decode(bytes, start, end, fields, this.#maxListBytes);
      return listBytes <= this.#maxListBytes;
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionError(ErrorCode.compressionError, error.message);
    }
  }

  #find(bytes: Buffer, start: number, end: number): RequestHead | undefined {
    const count = this.#known.length;
    const version = this.#decoder.tableVersion;
    for (let tried = 0; tried < count; tried++) {
      let at = this.#lastHit + tried;
      if (at >= count) at -= count;
      const known = this.#known[at] as KnownBlock;
      if (known.tableVersion === version && isEqual(known.bytes, bytes, start, end)) {
        this.#lastHit = at;
        return known.head;
      }
    }
    return undefined;
  }

  #remember(block: KnownBlock): void {
    const version = block.tableVersion;
    // Blocks of an older table can never be recognised again.
    let at = this.#known.findIndex((known) => known.tableVersion !== version);
    if (at < 0 && this.#known.length < MAX_KNOWN_BLOCKS) at = this.#known.length;
    if (at < 0) {
      at = this.#nextVictim;
      this.#nextVictim = (at + 1) % MAX_KNOWN_BLOCKS;
    }
    this.#known[at] = block;
    this.#lastHit = at;
  }
}

/** Pseudo-headers (§8.1) and fields of the connection (§8.2.2) make trailers malformed. */
function mayBeTrailer({ kind, value, isValid }: HeaderField): boolean {
  if (!isValid || kind === HeaderKind.connectionSpecific) return false;
  if (kind === HeaderKind.te) return value === 'trailers';
  return kind === HeaderKind.other || kind > LAST_PSEUDO_KIND;
}

/** A plain loop: for some fifty bytes it is faster than a call out of JavaScript. */
function isEqual(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = known.length;
  if (end - start !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
