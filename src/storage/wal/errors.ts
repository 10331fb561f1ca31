/** What can go wrong with a write-ahead log; all extend {@link WalError}. */
export class WalError extends Error {
  override readonly name: string = 'WalError';
}

/**
 * The log is damaged in a way that a torn write cannot explain, or misses something that must be
 * there. Nothing repairs it automatically.
 */
export class WalCorruptError extends WalError {
  override readonly name = 'WalCorruptError';
  readonly path: string;
  /** Offset in the file of the first byte that could not be read as a record. */
  readonly offset: number;

  constructor(reason: string, path: string, offset: number, cause?: unknown) {
    super(`wal: ${reason}: in file '${path}' at position: ${offset}`, { cause });
    this.path = path;
    this.offset = offset;
  }
}

/**
 * The last segment ends in a record that was only partly written (formats.md §2.7): what a crash in
 * the middle of a write leaves behind. `repairWal` cuts it off.
 */
export class WalTornError extends WalError {
  override readonly name = 'WalTornError';
  readonly path: string;
  /** Offset of the end of the last whole record. */
  readonly offset: number;

  constructor(reason: string, path: string, offset: number) {
    super(`wal: ${reason}: in file '${path}' at position: ${offset}`);
    this.path = path;
    this.offset = offset;
  }
}

/** No segment, no record or no matching term for the snapshot at which the log was to be opened. */
export class WalSnapshotError extends WalError {
  override readonly name = 'WalSnapshotError';
}

/** The directory holds no log, or already holds one, or its files are not a sequence. */
export class WalDirectoryError extends WalError {
  override readonly name = 'WalDirectoryError';
}

/** More is waiting to be written than the log may hold in memory; try again after completions. */
export class WalQueueFullError extends WalError {
  override readonly name = 'WalQueueFullError';
}

/** A write or sync failed; the log takes nothing more in this process. */
export class WalFailedError extends WalError {
  override readonly name = 'WalFailedError';
}

/** The log was closed. */
export class WalClosedError extends WalError {
  override readonly name = 'WalClosedError';
}
