import { ResponseHeader } from '../proto/generated/etcdserverpb.js';
import type { ProtoWriter } from '../proto/wire.js';

/** What response headers are made of. */
export interface HeaderSource {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly term: number;
}

/**
 * Writes the header of responses. The ids never change, so their bytes are prepared once; the rest
 * is two varints.
 */
export class ResponseHeaders {
  readonly #source: HeaderSource;
  readonly #ids: Buffer;

  constructor(source: HeaderSource) {
    this.#source = source;
    this.#ids = ResponseHeader.encode({
      clusterId: source.clusterId,
      memberId: source.memberId,
    });
  }

  /** Field 1 of a response, the whole header (writers go from the last byte to the first). */
  write(writer: ProtoWriter, revision: number): void {
    const sizeBefore = writer.sizeBytes;
    writer.int64Number(this.#source.term);
    writer.uint32(0x20);
    if (revision !== 0) {
      writer.int64Number(revision);
      writer.uint32(0x18);
    }
    writer.raw(this.#ids);
    writer.length(sizeBefore);
    writer.uint32(0x0a);
  }

  /** The header as a message, for responses that are encoded by generated code. */
  message(revision: number): ResponseHeader {
    const { clusterId, memberId, term } = this.#source;
    return { clusterId, memberId, revision, raftTerm: term };
  }
}
