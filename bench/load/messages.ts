const PREFIX_BYTES = 5;
const NOTHING: Buffer = Buffer.alloc(0);

/** Cuts what comes on a stream into gRPC messages, without copying those that came whole. */
export class MessageReader {
  private readonly onMessage: (bytes: Buffer, start: number, end: number) => void;
  private unread: Buffer = NOTHING;

  constructor(onMessage: (bytes: Buffer, start: number, end: number) => void) {
    this.onMessage = onMessage;
  }

  data(chunk: Buffer, chunkStart: number, chunkEnd: number): void {
    let bytes = chunk;
    let start = chunkStart;
    let end = chunkEnd;
    if (this.unread.length > 0) {
      bytes = Buffer.concat([this.unread, chunk.subarray(chunkStart, chunkEnd)]);
      start = 0;
      end = bytes.length;
    }
    while (start + PREFIX_BYTES <= end) {
      const messageEnd = start + PREFIX_BYTES + bytes.readUInt32BE(start + 1);
      if (messageEnd > end) break;
      this.onMessage(bytes, start + PREFIX_BYTES, messageEnd);
      start = messageEnd;
    }
    // A copy: the chunk belongs to the connection.
    this.unread = start === end ? NOTHING : Buffer.from(bytes.subarray(start, end));
  }
}

/** A forward reader of the few protobuf fields the generator looks at; values below 2^53. */
export class FieldCursor {
  position = 0;
  private bytes: Buffer = NOTHING;

  set(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.position = start;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Skips the value of a field with this tag. */
  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === 0) this.varint();
    else if (wireType === 2) this.position = this.varint() + this.position;
    else throw new Error(`unexpected wire type ${wireType}`);
  }
}
