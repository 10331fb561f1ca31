import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;

/** A new empty folder below one that is removed when this process ends. TMPDIR chooses the disk. */
export function benchFolder(): string {
  if (root === undefined) {
    const created = mkdtempSync(join(tmpdir(), 'kvorum-bench-'));
    process.once('exit', () => removeBenchFolder(created));
    root = created;
  }
  return mkdtempSync(join(root, 'run-'));
}

export function removeBenchFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
