const PREFIX_BYTES = 5;
const NOTHING: Buffer = Buffer.alloc(0);

/** Cuts what comes on a stream into gRPC messages, without copying those that came whole. */
export class MessageReader {
  private readonly onMessage: (bytes: Buffer, start: number, end: number) => void;
  /** The beginning of a message; copies, since chunks belong to the connection. */
  private unread: Buffer[] = [];
  private unreadBytes = 0;
  /** What the message takes that `unread` begins, with its prefix; only the prefix while that is cut. */
  private wantedBytes = PREFIX_BYTES;

  constructor(onMessage: (bytes: Buffer, start: number, end: number) => void) {
    this.onMessage = onMessage;
  }

  data(chunk: Buffer, chunkStart: number, chunkEnd: number): void {
    if (this.unreadBytes === 0) {
      this.read(chunk, chunkStart, chunkEnd);
      return;
    }
    this.keep(chunk, chunkStart, chunkEnd);
    // A large message comes in many chunks: they are put together once, when all are there.
    if (this.unreadBytes < this.wantedBytes) return;
    const bytes = Buffer.concat(this.unread);
    this.unread = [];
    this.unreadBytes = 0;
    this.read(bytes, 0, bytes.length);
  }

  private read(bytes: Buffer, from: number, end: number): void {
    let start = from;
    this.wantedBytes = PREFIX_BYTES;
    while (start + PREFIX_BYTES <= end) {
      const messageEnd = start + PREFIX_BYTES + bytes.readUInt32BE(start + 1);
      if (messageEnd > end) {
        this.wantedBytes = messageEnd - start;
        break;
      }
      this.onMessage(bytes, start + PREFIX_BYTES, messageEnd);
      start = messageEnd;
    }
    if (start < end) this.keep(bytes, start, end);
  }

  private keep(bytes: Buffer, start: number, end: number): void {
    this.unread.push(Buffer.from(bytes.subarray(start, end)));
    this.unreadBytes += end - start;
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
