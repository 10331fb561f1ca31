import { TlsError } from './errors.js';

/** The ASN.1 tags that certificates and revocation lists are made of (X.690 §8). */
export const DerTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** Reads DER values one after the other. Everything is checked against the length of what holds it. */
export class DerReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The tag of the next value; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /**
   * The contents of the next value, which has to be of this tag.
   * @throws TlsError
   */
  read(tag: number): Buffer {
    if (this.nextTag !== tag) throw new TlsError('DER: unexpected tag');
    const lengthByte = this.#bytes[this.#offset + 1];
    if (lengthByte === undefined) throw new TlsError('DER: truncated');
    let start = this.#offset + 2;
    let length = lengthByte;
    if (lengthByte >= 0x80) {
      const count = lengthByte & 0x7f;
      // No definite length, or more than 4 GiB.
      if (count === 0 || count > 4) throw new TlsError('DER: bad length');
      if (start + count > this.#bytes.length) throw new TlsError('DER: truncated');
      length = this.#bytes.readUIntBE(start, count);
      start += count;
    }
    const end = start + length;
    if (end > this.#bytes.length) throw new TlsError('DER: truncated');
    this.#offset = end;
    return this.#bytes.subarray(start, end);
  }

  /** A reader of the contents of the next value. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag));
  }

  expectEnd(): void {
    if (this.nextTag !== undefined) throw new TlsError('DER: trailing data');
  }
}

/** A value of the given tag, with its contents in pieces. */
export function derValue(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, piece) => sum + piece.length, 0);
  let head: number[];
  if (length < 0x80) head = [tag, length];
  else if (length < 0x100) head = [tag, 0x81, length];
  else head = [tag, 0x82, length >> 8, length & 0xff];
  if (length > 0xffff) throw new RangeError('DER values of this size are not written here');
  return Buffer.concat([Buffer.from(head), ...contents]);
}

export const derSequence = (...contents: readonly Buffer[]): Buffer =>
  derValue(DerTag.sequence, ...contents);

/** An object identifier, given as its encoded contents in hexadecimal digits. */
export const derIdentifier = (hex: string): Buffer =>
  derValue(DerTag.objectIdentifier, Buffer.from(hex, 'hex'));

/** A point in time: two digits for the year as long as that says enough (RFC 5280 §4.1.2.5). */
export function derTime(unixMs: number): Buffer {
  const digits = new Date(unixMs).toISOString().replace(/[-:T]|\..*$/g, '');
  const isShort = Number(digits.slice(0, 4)) < 2050;
  const text = `${isShort ? digits.slice(2) : digits}Z`;
  const tag = isShort ? DerTag.utcTime : DerTag.generalizedTime;
  return derValue(tag, Buffer.from(text, 'latin1'));
}
