/** Putting another store in the place of the live one, on disk. */
import { dirname } from 'node:path';
import type { Disk } from '../disk.js';

/** Where the old store lies between the two renames and until it is removed. */
export const replacedFolder = (path: string): string => `${path}.replaced`;

/**
 * The points a replacement passes, told just after each: a crash at any of them leaves either the old
 * store or the new one, or neither at `path` and both beside it.
 */
export type ReplaceStep = 'old store set aside' | 'new store in place' | 'replacement durable';

/**
 * Renames the closed store at `path` (it may be missing) aside and the closed, durable one at `folder`
 * into its place. Doing it again after a crash in the middle completes it, provided that `folder` is
 * still there. The old store is left for {@link removeReplaced}.
 */
export async function moveIntoPlace(
  disk: Disk,
  path: string,
  folder: string,
  step: (name: ReplaceStep) => void = () => {},
): Promise<void> {
  if (await disk.exists(path)) {
    await removeReplaced(disk, path);
    await disk.rename(path, replacedFolder(path));
  }
  step('old store set aside');
  await disk.rename(folder, path);
  step('new store in place');
  await disk.syncDirectory(dirname(path));
  step('replacement durable');
}

/** Removes the store that a replacement has left behind, if there is one. */
export function removeReplaced(disk: Disk, path: string): Promise<void> {
  return disk.removeTree(replacedFolder(path));
}

/** Whether {@link removeReplaced} has something to remove. */
export function hasReplaced(disk: Disk, path: string): Promise<boolean> {
  return disk.exists(replacedFolder(path));
}
