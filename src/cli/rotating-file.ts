import { createReadStream, createWriteStream, renameSync, statSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { LogRotation } from '../config/index.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const PACKED = '.gz';

/** What writes the lines: buffered, and able to go on with another file of the same name. */
export interface LineStream {
  write(line: string): void;
  /** Goes on with the file that then has the name. */
  reopen(): void;
}

export interface RotatingFileOptions extends LogRotation {
  readonly path: string;
}

export interface RotatingFileDependencies {
  /** Writes to `path`. */
  readonly stream: LineStream;
  /** Milliseconds since 1970. */
  readonly unixMs: () => number;
}

/** A backup, and when it was put aside. */
interface Backup {
  readonly name: string;
  readonly atMs: number;
}

/**
 * A log file that is put aside when it is full, under a name with the time: `etcd-<time>.log`. Old ones
 * are compressed and removed behind that, as the options say. Whatever fails there leaves the log as
 * it is: a daemon does not end because of its log.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  readonly #stream: LineStream;
  readonly #unixMs: () => number;
  #sizeBytes: number;
  #cleaning: Promise<void> = Promise.resolve();

  constructor(options: RotatingFileOptions, dependencies: RotatingFileDependencies) {
    this.#options = options;
    this.#stream = dependencies.stream;
    this.#unixMs = dependencies.unixMs;
    this.#sizeBytes = sizeOf(options.path);
  }

  write(line: string): void {
    const lineBytes = Buffer.byteLength(line);
    const isFull = this.#sizeBytes + lineBytes > this.#options.maxSizeBytes;
    if (isFull && this.#sizeBytes > 0) this.#rotate();
    this.#sizeBytes += lineBytes;
    this.#stream.write(line);
  }

  /** Resolves when no old file is being compressed or removed any more. */
  settled(): Promise<void> {
    return this.#cleaning;
  }

  #rotate(): void {
    const { path } = this.#options;
    try {
      // What is being written goes to the old file, what is buffered behind it to the new one.
      renameSync(path, join(dirname(path), this.#backupName()));
    } catch {
      // It grows on, and is tried again later.
      this.#sizeBytes /= 2;
      return;
    }
    this.#stream.reopen();
    this.#sizeBytes = 0;
    this.#cleaning = this.#cleaning.then(() => this.#clean()).catch(() => {});
  }

  #backupName(): string {
    const { path, usesLocalTime } = this.#options;
    const nowMs = this.#unixMs();
    const offsetMs = usesLocalTime ? new Date(nowMs).getTimezoneOffset() * 60_000 : 0;
    const time = new Date(nowMs - offsetMs).toISOString().slice(0, -1).replaceAll(':', '-');
    const extension = extname(path);
    return `${basename(path, extension)}-${time}${extension}`;
  }

  /** Removes what is too old or too much, and compresses the rest. */
  async #clean(): Promise<void> {
    const { path, maxBackups, maxAgeDays, compress } = this.#options;
    const folder = dirname(path);
    let kept = await this.#backups();
    const isTooOld = ({ atMs }: Backup) => atMs < this.#unixMs() - maxAgeDays * DAY_MS;
    const superfluous = new Set(maxBackups > 0 ? kept.slice(maxBackups) : []);
    if (maxAgeDays > 0) for (const backup of kept.filter(isTooOld)) superfluous.add(backup);
    for (const { name } of superfluous) await rm(join(folder, name), { force: true });
    kept = kept.filter((backup) => !superfluous.has(backup));
    if (!compress) return;
    for (const { name } of kept) if (!name.endsWith(PACKED)) await pack(join(folder, name));
  }

  /** The newest first. */
  async #backups(): Promise<Backup[]> {
    const { path, usesLocalTime } = this.#options;
    const extension = extname(path);
    const prefix = `${basename(path, extension)}-`;
    const backups: Backup[] = [];
    for (const name of await readdir(dirname(path))) {
      const plain = name.endsWith(PACKED) ? name.slice(0, -PACKED.length) : name;
      if (!plain.startsWith(prefix) || !plain.endsWith(extension)) continue;
      const time = plain.slice(prefix.length, plain.length - extension.length);
      const atMs = parseTime(time, usesLocalTime);
      if (atMs !== undefined) backups.push({ name, atMs });
    }
    return backups.sort((a, b) => b.atMs - a.atMs);
  }
}

/** Reads the time in a backup's name; undefined if there is none. */
function parseTime(text: string, isLocal: boolean): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(text);
  if (parts === null) return undefined;
  const atMs = Date.parse(`${parts[1]}:${parts[2]}:${parts[3]}${isLocal ? '' : 'Z'}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** Replaces a file by its compressed form. */
async function pack(path: string): Promise<void> {
  const { mode } = await stat(path);
  const packed = `${path}${PACKED}`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(packed, { mode }));
  } catch (error) {
    await rm(packed, { force: true });
    throw error;
  }
  await rm(path);
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
