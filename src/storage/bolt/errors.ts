/** Bytes that are no bbolt file, or a damaged one. Nothing repairs it. */
export class BoltCorruptError extends Error {
  override readonly name = 'BoltCorruptError';
  /** The page that could not be used; undefined if the file as a whole is meant. */
  readonly page: number | undefined;

  constructor(reason: string, page?: number) {
    super(page === undefined ? `bbolt: ${reason}` : `bbolt: page ${page}: ${reason}`);
    this.page = page;
  }
}

/** Something that no bbolt file can hold: an empty or too long key, keys out of order. */
export class BoltWriteError extends Error {
  override readonly name = 'BoltWriteError';
}
