import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.js';

/** A new empty folder, removed when the test (or suite) that `cleanup` stands for has ended. */
export function temporaryFolder(cleanup: Cleanup): string {
  const folder = makeTemporaryFolder();
  cleanup.after(() => removeFolder(folder));
  return folder;
}

/** A new empty folder for a caller that removes it itself. */
export function makeTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kvorum-test-'));
}

/** Removes a folder with all it holds; one that is gone already is fine. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
