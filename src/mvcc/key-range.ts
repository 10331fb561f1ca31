/** A range of keys in the form the index works with. */
export interface KeyRange {
  start: string;
  /** Exclusive; undefined = no end. Not looked at if `single`. */
  end: string | undefined;
  /** Only the key `start`. */
  single: boolean;
}

/** The range that a request's key and range end stand for (G.6). */
export function keyRange(start: string, end: string): KeyRange {
  if (end === '') return { start, end: undefined, single: true };
  return { start, end: end === '\0' ? undefined : end, single: false };
}

export function containsKey(range: KeyRange, key: string): boolean {
  if (range.single) return key === range.start;
  return key >= range.start && (range.end === undefined || key < range.end);
}
