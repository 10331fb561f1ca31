import type { Disk, DiskCallback, DiskFile, OpenMode } from '../../../src/storage/disk.js';

/** What a file holds: what is there now, and what a loss of power would leave. */
interface MemoryFile {
  bytes: Buffer;
  sizeBytes: number;
  durable: Buffer;
}

/** How a call goes wrong. */
export interface Fault {
  /** Which calls count: `write`, `sync`, `truncate`, `rename`, `syncDirectory`. */
  readonly operation: string;
  /** The call of that kind, from 0, that fails; all later ones work again. */
  readonly callNumber: number;
}

/**
 * Files in memory: fast, with faults on demand, and with a loss of power that keeps what was synced
 * and of the rest a part. Directory changes are durable at once; what matters here are file contents.
 */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, MemoryFile>();
  readonly #directories = new Set<string>();
  readonly #calls = new Map<string, number>();
  fault: Fault | undefined;
  /** Number of syncs that succeeded. */
  syncCount = 0;
  writeCount = 0;

  /** Throws if this call of the operation is the one to fail. */
  check(operation: string): void {
    const callNumber = this.#calls.get(operation) ?? 0;
    this.#calls.set(operation, callNumber + 1);
    if (this.fault?.operation === operation && this.fault.callNumber === callNumber) {
      throw Object.assign(new Error(`${operation} failed: EIO`), { code: 'EIO' });
    }
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    let file = this.#files.get(path);
    if (mode === 'create') {
      file = { bytes: Buffer.alloc(0), sizeBytes: 0, durable: Buffer.alloc(0) };
      this.#files.set(path, file);
    }
    if (file === undefined) throw notFound(path);
    return new OpenMemoryFile(this, file);
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path) || this.#directories.has(path);
  }

  async fileSizeBytes(path: string): Promise<number> {
    return this.content(path).length;
  }

  async freeBytes(): Promise<number> {
    return Number.MAX_SAFE_INTEGER;
  }

  async readDirectory(path: string): Promise<string[]> {
    if (!this.#directories.has(path)) throw notFound(path);
    const names = [...this.#files.keys()].filter((name) => name.startsWith(`${path}/`));
    return names.map((name) => name.slice(path.length + 1)).sort();
  }

  async makeDirectory(path: string): Promise<void> {
    this.#directories.add(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.check('rename');
    for (const [path, file] of [...this.#files]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#files.delete(path);
      this.#files.set(to + path.slice(from.length), file);
    }
    if (this.#directories.delete(from)) this.#directories.add(to);
  }

  async remove(path: string): Promise<void> {
    if (!this.#files.delete(path)) throw notFound(path);
  }

  async removeTree(path: string): Promise<void> {
    this.#directories.delete(path);
    for (const name of [...this.#files.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.#files.delete(name);
    }
  }

  async syncDirectory(): Promise<void> {
    this.check('syncDirectory');
  }

  /** Paths of all files, sorted. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** What a file holds now. */
  content(path: string): Buffer {
    const file = this.#files.get(path);
    if (file === undefined) throw notFound(path);
    return file.bytes.subarray(0, file.sizeBytes);
  }

  setContent(path: string, content: Uint8Array): void {
    const bytes = Buffer.from(content);
    this.#files.set(path, { bytes, sizeBytes: bytes.length, durable: Buffer.from(bytes) });
  }

  /**
   * Power is lost: a new disk with what was synced, and of each sector written since only those that
   * `keepsSector` lets through.
   */
  afterPowerLoss(keepsSector: () => boolean): MemoryDisk {
    const disk = new MemoryDisk();
    for (const directory of this.#directories) disk.#directories.add(directory);
    for (const [path, file] of this.#files) {
      const content = Buffer.alloc(Math.max(file.durable.length, file.sizeBytes));
      file.durable.copy(content);
      for (let start = 0; start < file.sizeBytes; start += 512) {
        const end = Math.min(start + 512, file.sizeBytes);
        const isChanged = !content.subarray(start, end).equals(file.bytes.subarray(start, end));
        if (isChanged && keepsSector()) file.bytes.copy(content, start, start, end);
      }
      disk.setContent(path, content);
    }
    return disk;
  }
}

class OpenMemoryFile implements DiskFile {
  readonly #disk: MemoryDisk;
  readonly #file: MemoryFile;

  constructor(disk: MemoryDisk, file: MemoryFile) {
    this.#disk = disk;
    this.#file = file;
  }

  write(bytes: Uint8Array, sizeBytes: number, position: number, done: DiskCallback): void {
    this.#later('write', done, () => {
      this.#disk.writeCount++;
      this.#resize(Math.max(this.#file.sizeBytes, position + sizeBytes));
      this.#file.bytes.set(bytes.subarray(0, sizeBytes), position);
    });
  }

  sync(done: DiskCallback): void {
    this.#later('sync', done, () => {
      this.#disk.syncCount++;
      this.#file.durable = Buffer.from(this.#file.bytes.subarray(0, this.#file.sizeBytes));
    });
  }

  writeThrough(
    bytes: Uint8Array,
    sizeBytes: number,
    position: number,
    done: DiskCallback,
    zeroBytes = 0,
  ): void {
    this.#assertHole(position + sizeBytes, zeroBytes);
    this.write(bytes, sizeBytes, position, (error) => {
      if (error === null) this.#later('sync', done, () => this.#keep(position, sizeBytes));
      else done(error);
    });
  }

  /** Zeros go where there are some, and do not make the file longer. */
  #assertHole(start: number, zeroBytes: number): void {
    const { bytes, sizeBytes } = this.#file;
    const isHole = bytes.subarray(start, start + zeroBytes).every((byte) => byte === 0);
    if (zeroBytes > 0 && (!isHole || start + zeroBytes > sizeBytes))
      throw new Error(`${zeroBytes} zeros at ${start} change the file`);
  }

  /** Makes one range durable, and the size. */
  #keep(position: number, sizeBytes: number): void {
    this.#disk.syncCount++;
    const file = this.#file;
    const durable = Buffer.alloc(file.sizeBytes);
    file.durable.copy(durable);
    file.bytes.copy(durable, position, position, position + sizeBytes);
    file.durable = durable;
  }

  #later(operation: string, done: DiskCallback, action: () => void): void {
    setImmediate(() => {
      try {
        this.#disk.check(operation);
        action();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      done(null);
    });
  }

  async read(
    target: Uint8Array,
    offset: number,
    sizeBytes: number,
    position: number,
  ): Promise<number> {
    const end = Math.min(position + sizeBytes, this.#file.sizeBytes);
    if (end <= position) return 0;
    target.set(this.#file.bytes.subarray(position, end), offset);
    return end - position;
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#disk.check('truncate');
    this.#resize(sizeBytes);
  }

  #resize(sizeBytes: number): void {
    const file = this.#file;
    if (sizeBytes > file.bytes.length) {
      const grown = Buffer.alloc(Math.max(sizeBytes, file.bytes.length * 2));
      file.bytes.copy(grown, 0, 0, file.sizeBytes);
      file.bytes = grown;
    } else if (sizeBytes < file.sizeBytes) {
      file.bytes.fill(0, sizeBytes, file.sizeBytes);
    }
    file.sizeBytes = sizeBytes;
  }

  async sizeBytes(): Promise<number> {
    return this.#file.sizeBytes;
  }

  async close(): Promise<void> {}
}

function notFound(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: 'ENOENT' });
}
