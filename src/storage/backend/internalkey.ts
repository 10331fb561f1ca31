/**
 * Keys as LevelDB files them (doc/impl.md of LevelDB): a user key, and behind it, in 8 bytes little
 * endian, the sequence number of the write and in the lowest byte whether it was a put or a deletion.
 */
const TRAILER_BYTES = 8;
const DELETION = 0;

/** The length of the user key within an internal one. */
export function userKeyLength(internalLength: number): number {
  return Math.max(internalLength - TRAILER_BYTES, 0);
}

/** Whether the internal key is that of a deletion. */
export function isDeletion(key: Buffer, internalLength: number): boolean {
  return key[internalLength - TRAILER_BYTES] === DELETION;
}

/** The sequence number of the write: LevelDB numbers them in the order in which it takes them. */
export function sequenceOf(key: Buffer, internalLength: number): number {
  const low = key.readUIntLE(internalLength - TRAILER_BYTES + 1, 3);
  return key.readUInt32LE(internalLength - 4) * 2 ** 24 + low;
}

/** Negative, 0 or positive as `a[0, aLength)` is below, at or above `b[0, bLength)`. */
export function compareKeys(
  a: Uint8Array,
  aLength: number,
  b: Uint8Array,
  bLength: number,
): number {
  const length = Math.min(aLength, bLength);
  for (let at = 0; at < length; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Compares internal keys as LevelDB orders them: by user key, of one user key the newest write first. */
export function compareInternalKeys(
  a: Uint8Array,
  aLength: number,
  b: Uint8Array,
  bLength: number,
): number {
  const byUserKey = compareKeys(a, userKeyLength(aLength), b, userKeyLength(bLength));
  if (byUserKey !== 0) return byUserKey;
  for (let at = 1; at <= TRAILER_BYTES; at++) {
    const difference = (b[bLength - at] as number) - (a[aLength - at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
