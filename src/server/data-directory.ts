import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/logger.js';
import { makeFolder } from '../storage/make-folder.js';

/** The data directory cannot be used as it is; the message says why. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** The folders of a member. */
export interface MemberFolders {
  readonly snapFolder: string;
  readonly walFolder: string;
}

/**
 * Makes sure that the data directory and its `member/` folders are there, private to their owner.
 * Throws {@link DataDirectoryError} for a directory that holds a bbolt database of etcd: starting
 * beside it would show an empty store where there is a full one.
 */
export async function prepareDataDirectory(
  dataDir: string,
  walDir: string,
  logger: Logger,
): Promise<MemberFolders> {
  const snapFolder = join(dataDir, 'member', 'snap');
  await makeFolder(dataDir);
  const { mode } = await stat(dataDir);
  if ((mode & 0o077) !== 0) {
    await chmod(dataDir, 0o700).catch(() => {
      logger.warn('the data directory is open to other users', { 'data-dir': dataDir });
    });
  }
  await makeFolder(snapFolder);
  if ((await readdir(snapFolder)).includes('db')) {
    throw new DataDirectoryError(
      `${join(snapFolder, 'db')} is the database of an etcd: kvorum cannot start on it; ` +
        'save a snapshot with etcdctl and restore that, or choose another --data-dir',
    );
  }
  return { snapFolder, walFolder: walDir === '' ? join(dataDir, 'member', 'wal') : walDir };
}
