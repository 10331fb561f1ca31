/** Creating a log and opening one for appending (formats.md §2.1, §2.6). */
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { promised } from '../disk.js';
import { EMPTY_HARD_STATE } from '../raftcodec.js';
import { WalDirectoryError, WalTornError } from './errors.js';
import type { LogContent } from './readlog.js';
import { LogCollector, NO_SNAPSHOT } from './readlog.js';
import { RECORD_METADATA, RECORD_SNAPSHOT, RecordEncoder } from './recordencoder.js';
import type { LogEnd } from './recordreader.js';
import { readRecords } from './recordreader.js';
import { repairWal } from './repair.js';
import { listSegments, makeSegment, selectSegments, walExists } from './segments.js';
import type { WalDependencies, WalOptions } from './wal.js';
import { SEGMENT_SIZE_BYTES, Wal } from './wal.js';
import type { WalSnapshot } from './walsnapshot.js';
import { encodeWalSnapshot } from './walsnapshot.js';

/** An open log and what it holds from the snapshot on. */
export interface OpenedWal extends LogContent {
  readonly wal: Wal;
}

/**
 * Creates a log whose segments all carry `metadata` (etcdserverpb.Metadata: member and cluster id).
 * It is built beside its place and renamed, so that a crash leaves either no log or a whole one.
 * Throws {@link WalDirectoryError} if one exists.
 */
export async function createWal(
  options: WalOptions,
  dependencies: WalDependencies,
  metadata: Uint8Array,
): Promise<Wal> {
  const { disk } = dependencies;
  const { directory } = options;
  if (await walExists(disk, directory)) {
    throw new WalDirectoryError(`wal: ${directory} already holds a log`);
  }
  const temporary = `${directory}.tmp`;
  await disk.removeTree(temporary);
  await disk.makeDirectory(temporary);

  const encoder = new RecordEncoder(0, new Uint8Array(0));
  encoder.writeCrc();
  encoder.writeRecord(RECORD_METADATA, metadata);
  encoder.writeRecord(RECORD_SNAPSHOT, encodeWalSnapshot(NO_SNAPSHOT));
  const offset = encoder.length;
  const head = encoder.takeBuffer(new Uint8Array(0));

  const built = makeSegment(temporary, 0, 0);
  const file = await disk.open(built.path, 'create', { writesThrough: true });
  try {
    await file.truncate(Math.max(options.segmentSizeBytes ?? SEGMENT_SIZE_BYTES, offset));
    await promised((done) => file.write(head, offset, 0, done));
    await promised((done) => file.sync(done));
    await disk.syncDirectory(temporary);
    await disk.removeTree(directory);
    await disk.rename(temporary, directory);
    await syncParent(directory, dependencies);
  } catch (error) {
    await file.close();
    throw error;
  }
  const segment = makeSegment(directory, 0, 0);
  return new Wal(options, dependencies, {
    file,
    segment,
    segments: [segment],
    offset,
    crc: encoder.crc,
    metadata,
    hardState: EMPTY_HARD_STATE,
    lastIndex: 0,
  });
}

/** A log of which it is not sure that its name survives a crash is moved out of the way. */
async function syncParent(directory: string, dependencies: WalDependencies): Promise<void> {
  const { clock, disk } = dependencies;
  try {
    await disk.syncDirectory(dirname(directory));
  } catch (error) {
    await disk.rename(directory, `${directory}.broken.${timeStamp(clock.unixMs())}`);
    throw error;
  }
}

/** YYYYMMDD.hhmmss.mmm000, in UTC. */
function timeStamp(unixMs: number): string {
  const digits = new Date(unixMs).toISOString().replace(/[-:TZ]/g, '');
  return `${digits.slice(0, 8)}.${digits.slice(8, 14)}.${digits.slice(15)}000`;
}

/**
 * Opens the log for appending and reads it from `snapshot` on, which must be recorded in it. A torn
 * record at the end is repaired first, once. Throws {@link WalDirectoryError}, WalSnapshotError,
 * WalCorruptError. A log must not be open twice: the owner's lock on the data directory sees to it.
 */
export async function openWal(
  options: WalOptions,
  dependencies: WalDependencies,
  snapshot: WalSnapshot = NO_SNAPSHOT,
): Promise<OpenedWal> {
  const { disk, logger } = dependencies;
  const { directory } = options;
  const segments = selectSegments(await listSegments(disk, directory), snapshot.index);
  const last = segments.at(-1);
  if (last === undefined) throw new WalDirectoryError('wal: no segment files found');

  let collector = new LogCollector(snapshot);
  let end: LogEnd;
  try {
    end = await readRecords(disk, segments, collector.visit);
  } catch (error) {
    if (!(error instanceof WalTornError)) throw error;
    await repairWal(disk, directory, logger);
    collector = new LogCollector(snapshot);
    end = await readRecords(disk, segments, collector.visit);
  }
  const content = collector.content(directory);
  await removeLeftovers(disk, directory);
  const file = await disk.open(last.path, 'write', { writesThrough: true });
  try {
    await clearTail(file, end.offset, options.segmentSizeBytes ?? SEGMENT_SIZE_BYTES);
    await disk.syncDirectory(directory);
  } catch (error) {
    await file.close();
    throw error;
  }
  const wal = new Wal(options, dependencies, {
    file,
    segment: last,
    segments,
    offset: end.offset,
    crc: end.crc,
    metadata: content.metadata,
    hardState: content.hardState,
    lastIndex: collector.lastIndex,
  });
  return { wal, ...content };
}

/**
 * Behind the last record there may be bytes of writes that were never synced; overwritten in part,
 * they would look like records. The file is cut and extended with zeros. The sync is also for what
 * was read: the last process may have died between its write and its sync, and what this one has seen
 * it takes for durable.
 */
async function clearTail(file: DiskFile, offset: number, segmentSizeBytes: number): Promise<void> {
  const sizeBytes = Math.max(await file.sizeBytes(), segmentSizeBytes);
  await file.truncate(offset);
  await file.truncate(sizeBytes);
  await promised((done) => file.sync(done));
}

/** Segments that were being prepared when the last process ended. */
async function removeLeftovers(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.readDirectory(directory)) {
    if (name.endsWith('.tmp')) await disk.remove(join(directory, name));
  }
}
