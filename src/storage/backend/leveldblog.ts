/**
 * Care for LevelDB's own log files, which hold what is not in tables yet.
 *
 * The store writes without fsync and relies on finding, after a crash, the batches up to some point.
 * A killed process leaves just that. A machine that loses power may keep later pages of a log and
 * lose earlier ones, or keep a newer log and lose the end of the one before; LevelDB skips what is
 * damaged and takes over the rest, so a batch would be missing in the middle and nobody would know.
 * Every batch carries a sequence number that goes on where the one before ended. So before LevelDB
 * opens its logs they are read here, and cut at the first place where the chain breaks.
 */
import { join } from 'node:path';
import type { Logger } from '../../base/logger.js';
import type { Disk } from '../disk.js';
import { hasCode, promised, readWholeFile } from '../disk.js';
import { logRecords } from './leveldbrecords.js';
import { ManifestReader } from './manifest.js';

/** Sequence number and record count in front of each batch. */
const BATCH_HEADER_BYTES = 12;
/** Two memtables of 8 MiB and one batch beyond; far more is no log of ours. */
const MAX_LOG_BYTES = 1 << 30;

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
  const manifest = await new ManifestReader(disk, path).read();
  if (manifest === undefined) return;
  const { logNumber } = manifest;
  const logs = (await listLogs(disk, path)).filter((log) => log.number >= logNumber);
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
