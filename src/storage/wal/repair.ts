/** Cutting off a torn record (formats.md §2.7). */
import type { Logger } from '../../base/logger.js';
import type { Disk } from '../disk.js';
import { promised } from '../disk.js';
import { WalDirectoryError, WalTornError } from './errors.js';
import { readRecords } from './recordreader.js';
import { listSegments } from './segments.js';

const COPY_CHUNK_BYTES = 1 << 20;

/**
 * Repairs the last segment if it ends in a torn record: the file is copied to `<name>.broken` and
 * cut behind the last whole record. Resolves to whether anything was cut. Throws WalCorruptError,
 * with the files untouched, if the damage is not that of a torn write.
 */
export async function repairWal(disk: Disk, directory: string, logger: Logger): Promise<boolean> {
  const last = (await listSegments(disk, directory)).at(-1);
  if (last === undefined) throw new WalDirectoryError('wal: no segment files found');
  try {
    await readRecords(disk, [last], () => {});
    return false;
  } catch (error) {
    if (!(error instanceof WalTornError)) throw error;
    logger.warn('repairing a torn WAL segment', { path: last.path, offset: error.offset });
    await copyFile(disk, last.path, `${last.path}.broken`);
    const file = await disk.open(last.path, 'write');
    try {
      await file.truncate(error.offset);
      await promised((done) => file.sync(done));
    } finally {
      await file.close();
    }
    await disk.syncDirectory(directory);
    logger.info('repaired', { path: last.path });
    return true;
  }
}

async function copyFile(disk: Disk, from: string, to: string): Promise<void> {
  const source = await disk.open(from, 'read');
  try {
    const target = await disk.open(to, 'create');
    try {
      const chunk = Buffer.allocUnsafeSlow(COPY_CHUNK_BYTES);
      for (let position = 0; ; ) {
        const count = await source.read(chunk, 0, chunk.length, position);
        if (count === 0) break;
        const at = position;
        await promised((done) => target.write(chunk, count, at, done));
        position += count;
      }
      await promised((done) => target.sync(done));
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
