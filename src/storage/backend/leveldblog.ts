/**
 * Care for LevelDB's own log files, which hold what is not in tables yet.
 *
 * The store writes without fsync and relies on finding, after a crash, the batches up to some point.
 * A killed process leaves just that. A machine that loses power may keep later pages of a log and
 * lose earlier ones, or keep a newer log and lose the end of the one before; LevelDB skips what is
 * damaged and takes over the rest, so a batch would be missing in the middle and nobody would know.
 * Every batch carries a sequence number that goes on where the one before ended. So before LevelDB
 * opens its logs they are read here, and cut at the first place where the chain breaks.
 *
 * Formats: LevelDB's doc/log_format.md and doc/impl.md (blocks of 32 KiB, records with masked crc32c).
 */
import { join } from 'node:path';
import { crc32c } from '../../base/crc32c.js';
import type { Logger } from '../../base/logger.js';
import type { Disk } from '../disk.js';
import { hasCode, promised, readWholeFile } from '../disk.js';
import { WireError, WireReader } from '../protowire.js';
import { BackendCorruptError } from './errors.js';

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
/** Sequence number and record count in front of each batch. */
const BATCH_HEADER_BYTES = 12;
/** Two memtables of 16 MiB and one batch beyond; far more is no log of ours. */
const MAX_LOG_BYTES = 1 << 30;
const MAX_MANIFEST_BYTES = 1 << 28;

const FULL = 1;
const FIRST = 2;
const LAST = 4;

export interface LogFile {
  readonly name: string;
  readonly number: number;
}

/** LevelDB's log files in the order of their numbers; empty if there is no such folder. */
export async function listLogs(disk: Disk, path: string): Promise<LogFile[]> {
  if (!(await disk.exists(path))) return [];
  const logs: LogFile[] = [];
  for (const name of await disk.readDirectory(path)) {
    const match = /^(\d+)\.log$/.exec(name);
    if (match !== null) logs.push({ name, number: Number(match[1]) });
  }
  return logs.sort((a, b) => a.number - b.number);
}

/** Makes all that was written to the logs durable. */
export async function syncLogs(disk: Disk, path: string): Promise<void> {
  for (const { name } of await listLogs(disk, path)) {
    try {
      const file = await disk.open(join(path, name), 'write');
      try {
        await promised((done) => file.sync(done));
      } finally {
        await file.close();
      }
    } catch (error) {
      // A log that is gone has become a table, which LevelDB syncs before it removes the log.
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  await disk.syncDirectory(path);
}

/**
 * Cuts the logs of a closed database behind the last batch up to which nothing is missing; logs of
 * which nothing can be used are renamed to `<name>.broken`. Does nothing to a database without damage.
 */
export async function repairLogs(disk: Disk, path: string, logger: Logger): Promise<void> {
  const firstLive = await firstLiveLog(disk, path);
  if (firstLive === undefined) return;
  const logs = (await listLogs(disk, path)).filter((log) => log.number >= firstLive);
  let nextSequence: number | undefined;
  for (const [position, log] of logs.entries()) {
    const file = join(path, log.name);
    const bytes = await readWholeFile(disk, file, MAX_LOG_BYTES);
    const chain = followChain(bytes, nextSequence);
    nextSequence = chain.nextSequence;
    if (chain.end === bytes.length) continue;
    const fields = { path: file, offset: chain.end, sizeBytes: bytes.length };
    logger.warn('backend: cutting damaged logs of LevelDB', fields);
    if (chain.end > 0) await cutFile(disk, file, chain.end);
    for (const later of logs.slice(chain.end > 0 ? position + 1 : position)) {
      const laterFile = join(path, later.name);
      await disk.rename(laterFile, `${laterFile}.broken`);
    }
    await disk.syncDirectory(path);
    return;
  }
}

async function cutFile(disk: Disk, path: string, sizeBytes: number): Promise<void> {
  const file = await disk.open(path, 'write');
  try {
    await file.truncate(sizeBytes);
    await promised((done) => file.sync(done));
  } finally {
    await file.close();
  }
}

/**
 * Reads batches as long as they are whole and their sequence numbers go on from `nextSequence`
 * (undefined: any). `end` is the offset behind the last good one, or the file's size if all are.
 */
export function followChain(
  bytes: Uint8Array,
  nextSequence: number | undefined,
): { readonly end: number; readonly nextSequence: number | undefined } {
  let expected = nextSequence;
  let end = 0;
  for (const record of logRecords(bytes)) {
    if (record.data === undefined || record.data.length < BATCH_HEADER_BYTES) {
      return { end, nextSequence: expected };
    }
    const header = Buffer.from(record.data.buffer, record.data.byteOffset, BATCH_HEADER_BYTES);
    const sequence = header.readUInt32LE(0) + header.readUInt32LE(4) * 0x1_0000_0000;
    if (expected !== undefined && sequence !== expected) return { end, nextSequence: expected };
    expected = sequence + header.readUInt32LE(8);
    end = record.end;
  }
  return { end: bytes.length, nextSequence: expected };
}

/**
 * The logical records of a log file. A record that is damaged, or not whole, comes with data
 * undefined and is the last. Padding at the end of a block belongs to what stands before it.
 */
function* logRecords(
  bytes: Uint8Array,
): Generator<{ readonly data: Uint8Array | undefined; readonly end: number }> {
  let fragments: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const blockLeft = BLOCK_BYTES - (offset % BLOCK_BYTES);
    if (blockLeft < HEADER_BYTES) {
      offset += blockLeft;
      continue;
    }
    const fragment = readFragment(bytes, offset, blockLeft);
    const startsRecord = fragment?.type === FULL || fragment?.type === FIRST;
    if (fragment === undefined || startsRecord !== (fragments.length === 0)) {
      yield { data: undefined, end: offset };
      return;
    }
    fragments.push(fragment.data);
    offset += HEADER_BYTES + fragment.data.length;
    if (fragment.type === FULL || fragment.type === LAST) {
      const whole = fragments.length === 1 ? fragment.data : Buffer.concat(fragments);
      fragments = [];
      yield { data: whole, end: offset };
    }
  }
  if (fragments.length > 0) yield { data: undefined, end: offset };
}

/** crc (4 bytes, over type and data, masked), length (2), type (1), data. */
function readFragment(
  bytes: Uint8Array,
  offset: number,
  blockLeft: number,
): { readonly type: number; readonly data: Uint8Array } | undefined {
  const end = Math.min(offset + blockLeft, bytes.length);
  if (end - offset < HEADER_BYTES) return undefined;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  const dataEnd = offset + HEADER_BYTES + header.readUInt16LE(4);
  const type = header.readUInt8(6);
  if (dataEnd > end || type < FULL || type > LAST) return undefined;
  const crc = crc32c(bytes, 0, offset + HEADER_BYTES - 1, dataEnd);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  if (masked !== header.readUInt32LE(0)) return undefined;
  return { type, data: bytes.subarray(offset + HEADER_BYTES, dataEnd) };
}

/**
 * The number of the oldest log that LevelDB would read, from its manifest; undefined if there is no
 * database. Throws {@link BackendCorruptError} if the manifest, which LevelDB syncs, is damaged.
 */
async function firstLiveLog(disk: Disk, path: string): Promise<number | undefined> {
  const currentPath = join(path, 'CURRENT');
  if (!(await disk.exists(currentPath))) return undefined;
  const current = await readWholeFile(disk, currentPath, 4096);
  const manifestPath = join(path, Buffer.from(current).toString('latin1').trimEnd());
  let logNumber = 0;
  try {
    const manifest = await readWholeFile(disk, manifestPath, MAX_MANIFEST_BYTES);
    for (const { data } of logRecords(manifest)) {
      // What follows a damaged edit was never acknowledged; LevelDB judges that itself.
      if (data !== undefined) logNumber = editedLogNumber(data) ?? logNumber;
    }
  } catch (error) {
    throw new BackendCorruptError(`backend: cannot read ${manifestPath}`, { cause: error });
  }
  return logNumber;
}

const EDIT_COMPARATOR = 1;
const EDIT_LOG_NUMBER = 2;
const EDIT_NEXT_FILE = 3;
const EDIT_LAST_SEQUENCE = 4;
const EDIT_COMPACT_POINTER = 5;
const EDIT_DELETED_FILE = 6;
const EDIT_NEW_FILE = 7;
const EDIT_PREVIOUS_LOG_NUMBER = 9;

/** The log number that a version edit sets, if it sets one. Throws WireError if it is no edit. */
function editedLogNumber(edit: Uint8Array): number | undefined {
  const reader = new WireReader(edit);
  let logNumber: number | undefined;
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === EDIT_LOG_NUMBER) logNumber = reader.varint();
    else if (tag === EDIT_COMPARATOR) reader.lengthDelimited();
    else if (tag === EDIT_COMPACT_POINTER) {
      reader.varint();
      reader.lengthDelimited();
    } else if (tag === EDIT_DELETED_FILE) {
      reader.varint();
      reader.varint();
    } else if (tag === EDIT_NEW_FILE) {
      for (let field = 0; field < 3; field++) reader.varint();
      for (let field = 0; field < 2; field++) reader.lengthDelimited();
    } else if (
      tag === EDIT_NEXT_FILE ||
      tag === EDIT_LAST_SEQUENCE ||
      tag === EDIT_PREVIOUS_LOG_NUMBER
    ) {
      reader.varint();
    } else throw new WireError(`unknown tag ${tag} of a version edit`);
  }
  return logNumber;
}
