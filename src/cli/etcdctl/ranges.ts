const ZERO = Buffer.from([0]);

/** The end of the range of all keys that start with `prefix`; a single zero byte means "no end". */
export function prefixEnd(prefix: Buffer): Buffer {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] as number;
    if (last === 0xff) continue;
    const end = Buffer.from(prefix.subarray(0, length));
    end[length - 1] = last + 1;
    return end;
  }
  return ZERO;
}

/** What a key argument with its options stands for. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** All keys from `key` on, or all with that prefix, or [key, end), or just the one. */
export function keyRange(
  key: string,
  kind: { readonly prefix?: boolean; readonly fromKey?: boolean; readonly end?: string },
): KeyRange {
  const bytes = Buffer.from(key);
  // The empty key cannot be stored: from it means from the first key there can be.
  const first = bytes.length === 0 && (kind.prefix || kind.fromKey) ? ZERO : bytes;
  if (kind.fromKey) return { key: first, rangeEnd: ZERO };
  if (kind.prefix) return { key: first, rangeEnd: prefixEnd(bytes) };
  return { key: first, rangeEnd: Buffer.from(kind.end ?? '') };
}
