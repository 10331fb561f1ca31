import { readFileSync, statSync } from 'node:fs';
import { TlsError } from './errors.js';

const READ_FAILURES: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['open', 'no such file or directory'],
  EACCES: ['open', 'permission denied'],
  ENOTDIR: ['open', 'not a directory'],
  EISDIR: ['read', 'is a directory'],
};

/** No file of ours is larger; a revocation list may be long. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * The contents of a file.
 * @throws TlsError in Go's words
 */
export function readTlsFile(path: string): Buffer {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new TlsError(`${path}: file too large`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof TlsError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const [call, reason] = READ_FAILURES[code] ?? ['open', message];
    throw new TlsError(`${call} ${path}: ${reason}`);
  }
}

/** What tells a version of a set of files from another. */
export interface FileVersions {
  readonly text: string;
  /** When the newest of them was written, Unix time. */
  readonly newestMs: number;
}

/** Looks at the files without reading them; links are followed, as kubelet replaces files by links. */
export function fileVersions(paths: readonly string[]): FileVersions {
  let text = '';
  let newestMs = 0;
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      text += 'absent;';
      continue;
    }
    text += `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs};`;
    newestMs = Math.max(newestMs, stat.mtimeMs, stat.ctimeMs);
  }
  return { text, newestMs };
}
