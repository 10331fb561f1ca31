/** What LevelDB's manifest says of its files (doc/impl.md of LevelDB). */
import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { readWholeFile } from '../disk.js';
import { WireError, WireReader } from '../protowire.js';
import { BackendCorruptError } from './errors.js';
import { BLOCK_BYTES, logRecords } from './leveldbrecords.js';

const DEFAULT_CHUNK_BYTES = 256 << 10;
/** LevelDB's longest edit names all tables, in some dozens of bytes each. */
const MAX_EDIT_BYTES = 16 << 20;

/** LevelDB has seven levels. */
const MAX_LEVEL = 6;

const EDIT_COMPARATOR = 1;
const EDIT_LOG_NUMBER = 2;
const EDIT_NEXT_FILE = 3;
const EDIT_LAST_SEQUENCE = 4;
const EDIT_COMPACT_POINTER = 5;
const EDIT_DELETED_FILE = 6;
const EDIT_NEW_FILE = 7;
const EDIT_PREVIOUS_LOG_NUMBER = 9;

/** A table file; its first and last key are internal ones, see tablecursor.ts. */
export interface TableFile {
  readonly number: number;
  readonly sizeBytes: number;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
}

/** The live files of a database. */
export interface Manifest {
  /** The number of the oldest log that LevelDB would read. */
  readonly logNumber: number;
  /** The tables of each level; those of level 0 overlap. */
  readonly levels: readonly (readonly TableFile[])[];
}

export interface ManifestOptions {
  /** What is read at once; an edit that is longer gets more (default 256 KiB). */
  readonly chunkBytes?: number;
}

/**
 * Follows the manifest of a database. LevelDB appends an edit for each table that comes or goes, and
 * begins a new manifest only when it is opened: in a server that writes for months it becomes
 * larger than memory. So it is read in chunks, and only what was added since the last time.
 */
export class ManifestReader {
  readonly disk: Disk;
  /** The folder of the database. */
  readonly path: string;
  readonly #chunkBytes: number;
  /** What is known of the manifest of this name, up to this offset. */
  #name = '';
  #offset = 0;
  #version = new Version();
  #previous: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, path: string, options: ManifestOptions = {}) {
    this.disk = disk;
    this.path = path;
    this.#chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES;
  }

  /**
   * The files of now, up to an edit that is being written; undefined if there is no database. Throws
   * {@link BackendCorruptError} if the manifest, which LevelDB syncs, is damaged.
   */
  read(): Promise<Manifest | undefined> {
    const reading = this.#previous.then(() => this.#read());
    this.#previous = reading.catch(() => {});
    return reading;
  }

  async #read(): Promise<Manifest | undefined> {
    const currentPath = join(this.path, 'CURRENT');
    if (!(await this.disk.exists(currentPath))) return undefined;
    const current = await readWholeFile(this.disk, currentPath, 4096);
    const name = Buffer.from(current).toString('latin1').trimEnd();
    if (name !== this.#name) this.#begin(name);
    const manifestPath = join(this.path, name);
    try {
      await this.#readEdits(manifestPath);
    } catch (error) {
      this.#begin('');
      throw new BackendCorruptError(`backend: cannot read ${manifestPath}`, { cause: error });
    }
    return this.#version.files();
  }

  #begin(name: string): void {
    this.#name = name;
    this.#offset = 0;
    this.#version = new Version();
  }

  async #readEdits(path: string): Promise<void> {
    const file = await this.disk.open(path, 'read');
    try {
      const sizeBytes = await file.sizeBytes();
      let chunkBytes = this.#chunkBytes;
      while (this.#offset < sizeBytes) {
        const start = this.#offset - (this.#offset % BLOCK_BYTES);
        const chunk = await readChunk(file, start, Math.min(chunkBytes, sizeBytes - start));
        const isLast = start + chunk.length >= sizeBytes || chunkBytes >= MAX_EDIT_BYTES;
        if (this.#apply(chunk, start)) chunkBytes = this.#chunkBytes;
        else if (isLast) return;
        else chunkBytes *= 2;
      }
    } finally {
      await file.close();
    }
  }

  /** Takes the whole edits in a chunk, which stands at `start`; false if there was none. */
  #apply(chunk: Uint8Array, start: number): boolean {
    const before = this.#offset;
    for (const { data, end } of logRecords(chunk, this.#offset - start)) {
      // What follows a damaged edit was never acknowledged; LevelDB judges that itself.
      if (data === undefined) break;
      this.#version.apply(data);
      this.#offset = start + end;
    }
    return this.#offset > before;
  }
}

async function readChunk(file: DiskFile, start: number, sizeBytes: number): Promise<Uint8Array> {
  const chunk = new Uint8Array(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const count = await file.read(chunk, filled, sizeBytes - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return chunk.subarray(0, filled);
}

/** What the edits so far make of the files. */
class Version {
  #logNumber = 0;
  readonly #levels: Map<number, TableFile>[] = [];

  files(): Manifest {
    return {
      logNumber: this.#logNumber,
      levels: this.#levels.map((tables) => [...tables.values()]),
    };
  }

  /** Throws WireError if the bytes are no version edit. */
  apply(edit: Uint8Array): void {
    const reader = new WireReader(edit);
    while (!reader.atEnd) this.#applyField(reader.varint(), reader);
  }

  #applyField(tag: number, reader: WireReader): void {
    switch (tag) {
      case EDIT_LOG_NUMBER:
        this.#logNumber = reader.varint();
        return;
      case EDIT_NEW_FILE: {
        const level = reader.varint();
        const [number, sizeBytes] = [reader.varint(), reader.varint()];
        // Copies: they stay for as long as the table does, and the chunk around them must not.
        const firstKey = Uint8Array.from(reader.lengthDelimited());
        const lastKey = Uint8Array.from(reader.lengthDelimited());
        this.#level(level).set(number, { number, sizeBytes, firstKey, lastKey });
        return;
      }
      case EDIT_DELETED_FILE:
        this.#level(reader.varint()).delete(reader.varint());
        return;
      case EDIT_COMPACT_POINTER:
        reader.varint();
        reader.lengthDelimited();
        return;
      case EDIT_COMPARATOR:
        reader.lengthDelimited();
        return;
      case EDIT_NEXT_FILE:
      case EDIT_LAST_SEQUENCE:
      case EDIT_PREVIOUS_LOG_NUMBER:
        reader.varint();
        return;
      default:
        throw new WireError(`unknown tag ${tag} of a version edit`);
    }
  }

  #level(level: number): Map<number, TableFile> {
    if (level > MAX_LEVEL) throw new WireError(`level ${level} of a version edit`);
    while (this.#levels.length <= level) this.#levels.push(new Map());
    return this.#levels[level] as Map<number, TableFile>;
  }
}
