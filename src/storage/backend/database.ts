/** Opening LevelDB, and its methods beyond abstract-level's. */
import { Level } from 'level';
import { BackendCorruptError, BackendError, BackendLockedError } from './errors.js';

/** What the backend needs of LevelDB: `level` on Node.js is classic-level, which has all of it. */
export interface RangeMethods {
  /** Approximate file bytes of the tables' part in [start, end). */
  approximateSize(start: Buffer, end: Buffer): Promise<number>;
  /** Rewrites the tables of [start, end) without what is deleted. */
  compactRange(start: Buffer, end: Buffer): Promise<void>;
}

export type Database = Level<Buffer, Buffer> & RangeMethods;

export interface DatabaseOptions {
  readonly path: string;
  readonly cacheSizeBytes: number;
}

/**
 * A larger memtable than the default 4 MiB makes fewer, longer level-0 files out of the log-like key
 * bucket; at most two are in memory and in the logs read at the next start. 16 MiB put no faster, and
 * took 25 MB more.
 */
const WRITE_BUFFER_BYTES = 8 << 20;
/** LevelDB keeps 1,000 files open, so this covers 8 GiB. */
const MAX_FILE_BYTES = 8 << 20;

/** Below and above every record. */
export const FIRST_KEY = Buffer.from([0]);
export const BEYOND_LAST_KEY = Buffer.from([0xff]);

/**
 * Opens or creates the database. Throws {@link BackendLockedError}, {@link BackendCorruptError} or
 * {@link BackendError}.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = new Level<Buffer, Buffer>(options.path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    cacheSize: options.cacheSizeBytes,
    writeBufferSize: WRITE_BUFFER_BYTES,
    maxFileSize: MAX_FILE_BYTES,
    // The quota counts stored bytes; compressed, they would say nothing about the data.
    compression: false,
  });
  try {
    await database.open();
  } catch (error) {
    throw openError(options.path, error);
  }
  if (!hasRangeMethods(database)) throw new BackendError('level is not backed by classic-level');
  return database;
}

/**
 * Throws {@link BackendLockedError} if the database is open elsewhere; touches none of its files. The
 * open that must fail because the database exists takes and gives back LevelDB's lock first.
 */
export async function assertUnlocked(path: string): Promise<void> {
  const probe = new Level<Buffer, Buffer>(path, { errorIfExists: true, createIfMissing: false });
  try {
    await probe.open();
  } catch (error) {
    if (causeCode(error) === 'LEVEL_LOCKED') throw openError(path, error);
    return;
  }
  await probe.close();
}

function hasRangeMethods(database: Level<Buffer, Buffer>): database is Database {
  return 'approximateSize' in database && 'compactRange' in database;
}

function openError(path: string, error: unknown): BackendError {
  const code = causeCode(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code === 'LEVEL_LOCKED') {
    return new BackendLockedError(`backend: ${path} is in use by another process: ${reason}`, {
      cause: error,
    });
  }
  if (code === 'LEVEL_CORRUPTION') {
    return new BackendCorruptError(`backend: ${path} is damaged: ${reason}`, { cause: error });
  }
  return new BackendError(`backend: cannot open ${path}: ${reason}`, { cause: error });
}

function causeCode(error: unknown): unknown {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return undefined;
  return 'code' in error.cause ? error.cause.code : undefined;
}
