/** Numbers up to 2^53 as the store keeps them: 64 bits, big-endian. */
export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), 0);
  bytes.writeUInt32BE(value % 0x1_0000_0000, 4);
  return bytes;
}

/** 0 if there is no value or it has not 8 bytes. */
export function decodeNumber(bytes: Buffer | undefined): number {
  if (bytes === undefined || bytes.length !== 8) return 0;
  return bytes.readUInt32BE(0) * 0x1_0000_0000 + bytes.readUInt32BE(4);
}
