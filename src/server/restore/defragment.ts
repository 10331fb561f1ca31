import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { Backend, BackendLockedError } from '../../storage/backend/index.js';
import { backendFolder } from '../state.js';
import { RestoreError } from './errors.js';

const RETRY_INTERVAL_MS = 100;

export interface OfflineDefragmentOptions {
  readonly dataDir: string;
  /** How long to wait for a member that has the directory open; 0 for ever. */
  readonly lockTimeoutMs: number;
}

/**
 * Gives the disk space of deleted records of a member that is not running back. Throws RestoreError for
 * what is no data directory, BackendLockedError, BackendCorruptError.
 */
export async function defragmentOffline(
  { dataDir, lockTimeoutMs }: OfflineDefragmentOptions,
  dependencies: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> {
  const path = backendFolder(dataDir);
  if (!existsSync(path)) throw new RestoreError(`stat ${path}: no such file or directory`);
  const { clock, logger } = dependencies;
  const startMs = clock.nowMs();
  const isOver = (): boolean => lockTimeoutMs > 0 && clock.nowMs() - startMs >= lockTimeoutMs;
  for (;;) {
    try {
      const backend = await Backend.open({ path }, { clock, logger });
      try {
        await backend.compactRange();
      } finally {
        await backend.close();
      }
      return;
    } catch (error) {
      if (!(error instanceof BackendLockedError) || isOver()) throw error;
    }
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, RETRY_INTERVAL_MS);
    });
  }
}
