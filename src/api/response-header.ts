import { ResponseHeader } from '../proto/generated/etcdserverpb.js';
import { ProtoWriter } from '../proto/wire.js';

/** What response headers are made of. */
export interface HeaderSource {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly term: number;
}

const fieldWriter = new ProtoWriter(64);

/**
 * Writes the header of responses. The ids never change, so their bytes are prepared once; the rest
 * is two varints.
 */
export class ResponseHeaders {
  readonly #source: HeaderSource;
  readonly #ids: Buffer;
  #field: Buffer = Buffer.alloc(0);
  #fieldRevision = -1;
  #fieldTerm = -1;

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

  /** The same, encoded: for responses at the same revision it is the same bytes. Read only. */
  field(revision: number): Buffer {
    const { term } = this.#source;
    if (revision !== this.#fieldRevision || term !== this.#fieldTerm) {
      this.write(fieldWriter, revision);
      this.#field = fieldWriter.finish();
      this.#fieldRevision = revision;
      this.#fieldTerm = term;
    }
    return this.#field;
  }

  /** The header as a message, for responses that are encoded by generated code. */
  message(revision: number): ResponseHeader {
    const { clusterId, memberId, term } = this.#source;
    return { clusterId, memberId, revision, raftTerm: term };
  }
}
