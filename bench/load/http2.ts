/** The part of HTTP/2 (RFC 9113) and HPACK (RFC 7541) a load generator writes. */

export const FRAME_DATA = 0;
export const FRAME_HEADERS = 1;
export const FRAME_RST_STREAM = 3;
export const FRAME_SETTINGS = 4;
export const FRAME_PING = 6;
export const FRAME_GOAWAY = 7;
export const FRAME_WINDOW_UPDATE = 8;

export const FLAG_END_STREAM = 1;
export const FLAG_ACK = 1;
export const FLAG_END_HEADERS = 4;
export const FLAG_PADDED = 8;

export const FRAME_HEADER_BYTES = 9;
/** The window every connection and stream has before anyone says otherwise. */
export const DEFAULT_WINDOW_BYTES = 65_535;
/** The window we open to servers, as h2load does: it must not be what limits them. */
export const RECEIVE_WINDOW_BYTES = 2 ** 30 - 1;
export const SETTING_INITIAL_WINDOW_SIZE = 4;

/** Writes a frame header into `out` at `offset` and returns the offset behind it. */
export function writeFrameHeader(
  out: Buffer,
  offset: number,
  sizeBytes: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  out[offset] = sizeBytes >>> 16;
  out[offset + 1] = sizeBytes >>> 8;
  out[offset + 2] = sizeBytes;
  out[offset + 3] = type;
  out[offset + 4] = flags;
  return out.writeUInt32BE(streamId, offset + 5);
}

/** A whole frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

export function windowUpdate(streamId: number, incrementBytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(incrementBytes);
  return frame(FRAME_WINDOW_UPDATE, 0, streamId, payload);
}

/** What a client says first: preface, settings (no push, large windows), a large connection window. */
export function connectionOpening(): Buffer {
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(2, 0);
  settings.writeUInt32BE(0, 2);
  settings.writeUInt16BE(SETTING_INITIAL_WINDOW_SIZE, 6);
  settings.writeUInt32BE(RECEIVE_WINDOW_BYTES, 8);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(FRAME_SETTINGS, 0, 0, settings),
    windowUpdate(0, RECEIVE_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
  ]);
}

/** Dynamic table entries are counted from 62, the newest first. */
const FIRST_DYNAMIC_INDEX = 62;
const INDEXED = 0x80;
const LITERAL_INDEXED = 0x40;

/**
 * Request header blocks of one connection. The first block of a path spells its headers out and puts
 * them in the dynamic table; the ones after it are a byte per header, as every real client does.
 */
export class HeaderBlocks {
  private readonly authority: string;
  private readonly table: string[] = [];
  private readonly ready = new Map<string, Buffer>();

  constructor(authority: string) {
    this.authority = authority;
  }

  /** The block of the next request to `path`. Blocks must be sent in the order they are asked for. */
  next(path: string): Buffer {
    const ready = this.ready.get(path);
    if (ready !== undefined) return ready;
    const sizeBefore = this.table.length;
    const block = Buffer.concat([
      Buffer.from([INDEXED | 3, INDEXED | 6]),
      this.header(':path', path),
      this.header(':authority', this.authority),
      this.header('content-type', 'application/grpc'),
      this.header('te', 'trailers'),
      this.header('user-agent', 'kvorum-bench'),
    ]);
    // An entry added to the table moves the indexes of all others.
    if (this.table.length !== sizeBefore) this.ready.clear();
    else this.ready.set(path, block);
    return block;
  }

  private header(name: string, value: string): Buffer {
    const entry = `${name}: ${value}`;
    const position = this.table.indexOf(entry);
    if (position >= 0) {
      return Buffer.from([INDEXED | (FIRST_DYNAMIC_INDEX + this.table.length - 1 - position)]);
    }
    this.table.push(entry);
    return Buffer.concat([Buffer.from([LITERAL_INDEXED]), literal(name), literal(value)]);
  }
}

/** A string without Huffman coding; all of ours are shorter than 127 bytes. */
function literal(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}
