/** What LevelDB's manifest says of its files (doc/impl.md of LevelDB). */
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { readWholeFile } from '../disk.js';
import { WireError, WireReader } from '../protowire.js';
import { BackendCorruptError } from './errors.js';
import { logRecords } from './leveldbrecords.js';

const MAX_MANIFEST_BYTES = 1 << 28;

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
  /** The tables of each level by number; those of level 0 overlap. */
  readonly levels: readonly ReadonlyMap<number, TableFile>[];
}

/**
 * Reads the manifest, up to an edit that is being written; undefined if there is no database. Throws
 * {@link BackendCorruptError} if the manifest, which LevelDB syncs, is damaged.
 */
export async function readManifest(disk: Disk, path: string): Promise<Manifest | undefined> {
  const currentPath = join(path, 'CURRENT');
  if (!(await disk.exists(currentPath))) return undefined;
  const current = await readWholeFile(disk, currentPath, 4096);
  const manifestPath = join(path, Buffer.from(current).toString('latin1').trimEnd());
  const version = new Version();
  try {
    const manifest = await readWholeFile(disk, manifestPath, MAX_MANIFEST_BYTES);
    for (const { data } of logRecords(manifest)) {
      // What follows a damaged edit was never acknowledged; LevelDB judges that itself.
      if (data !== undefined) version.apply(data);
    }
  } catch (error) {
    throw new BackendCorruptError(`backend: cannot read ${manifestPath}`, { cause: error });
  }
  return version;
}

class Version implements Manifest {
  logNumber = 0;
  readonly levels: Map<number, TableFile>[] = [];

  /** Throws WireError if the bytes are no version edit. */
  apply(edit: Uint8Array): void {
    const reader = new WireReader(edit);
    while (!reader.atEnd) this.#applyField(reader.varint(), reader);
  }

  #applyField(tag: number, reader: WireReader): void {
    switch (tag) {
      case EDIT_LOG_NUMBER:
        this.logNumber = reader.varint();
        return;
      case EDIT_NEW_FILE: {
        const level = reader.varint();
        const [number, sizeBytes] = [reader.varint(), reader.varint()];
        const [firstKey, lastKey] = [reader.lengthDelimited(), reader.lengthDelimited()];
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
    while (this.levels.length <= level) this.levels.push(new Map());
    return this.levels[level] as Map<number, TableFile>;
  }
}
