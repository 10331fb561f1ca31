import { join } from 'node:path';
import type { Disk } from '../../storage/disk.js';

const STAGED_NAME = /^backend-([0-9a-f]{16})$/;
const PART_NAME = /^backend-[0-9a-f]{16}\.part$/;
const PART_SUFFIX = '.part';

const hex16 = (index: number): string => index.toString(16).padStart(16, '0');

/**
 * The backends that lie beside the live one, `member/backend-<index in 16 hex digits>`: each holds the
 * whole state after that entry, durable, and waits to be swapped in. One that is still being written
 * has the suffix `.part`.
 */
export class StagingFolder {
  readonly #folder: string;
  readonly #disk: Disk;

  /** `memberFolder` is `<data-dir>/member`, which exists. */
  constructor(memberFolder: string, disk: Disk) {
    this.#folder = memberFolder;
    this.#disk = disk;
  }

  /** Where the finished backend of that index lies, whether it exists or not. */
  finishedPath(index: number): string {
    return join(this.#folder, `backend-${hex16(index)}`);
  }

  /** Where it is written. */
  partPath(index: number): string {
    return this.finishedPath(index) + PART_SUFFIX;
  }

  has(index: number): Promise<boolean> {
    return this.#disk.exists(this.finishedPath(index));
  }

  /** Gives the closed, synced backend at {@link partPath} its final name, durably. */
  async finish(index: number): Promise<void> {
    await this.#disk.syncDirectory(this.partPath(index));
    await this.#disk.rename(this.partPath(index), this.finishedPath(index));
    await this.#disk.syncDirectory(this.#folder);
  }

  /** Indexes of the finished ones, ascending. */
  async indexes(): Promise<number[]> {
    const names = await this.#disk.readDirectory(this.#folder);
    return names.flatMap((name) => {
      const digits = STAGED_NAME.exec(name)?.[1];
      return digits === undefined ? [] : [Number.parseInt(digits, 16)];
    });
  }

  /** Removes every finished one but those of `kept`. */
  async clean(kept: readonly number[] = []): Promise<void> {
    for (const index of await this.indexes()) {
      if (!kept.includes(index)) await this.#disk.removeTree(this.finishedPath(index));
    }
  }

  /** Whether one was being written when a process ended. */
  async hasParts(): Promise<boolean> {
    return (await this.#parts()).length > 0;
  }

  /** Removes what was being written; nothing may be under way. */
  async removeParts(): Promise<void> {
    for (const name of await this.#parts()) await this.#disk.removeTree(join(this.#folder, name));
  }

  async #parts(): Promise<string[]> {
    const names = await this.#disk.readDirectory(this.#folder);
    return names.filter((name) => PART_NAME.test(name));
  }
}
