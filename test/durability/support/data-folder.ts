import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const FRAME_BYTES = 8;

/** Copies a data directory; log files of 64 MB that are mostly unwritten stay sparse. */
export function copyDataFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    const status = lstatSync(source);
    if (status.isDirectory()) copyDataFolder(source, target);
    else if (name.endsWith('.wal')) writeSparse(target, readFileSync(source), status.size);
    else copyFileSync(source, target);
  }
}

function writeSparse(path: string, bytes: Buffer, sizeBytes: number): void {
  writeFileSync(path, bytes.subarray(0, usedBytes(bytes)));
  truncateSync(path, sizeBytes);
}

/** The length without the zeros at the end. */
export function usedBytes(bytes: Buffer): number {
  let end = bytes.length;
  const step = 4096;
  while (end >= step && bytes.subarray(end - step, end).equals(ZEROS)) end -= step;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

const ZEROS = Buffer.alloc(4096);

export const walFolder = (dataFolder: string): string => join(dataFolder, 'member', 'wal');
export const snapFolder = (dataFolder: string): string => join(dataFolder, 'member', 'snap');
export const backendFolder = (dataFolder: string): string => join(dataFolder, 'member', 'backend');

/** The newest log file of a data directory. */
export function lastWalFile(dataFolder: string): string {
  const folder = walFolder(dataFolder);
  const name = readdirSync(folder)
    .filter((each) => each.endsWith('.wal'))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`no log in ${folder}`);
  return join(folder, name);
}

/** A record of a log file with its frame: `[start, end)` of the file (formats.md §2.2). */
export interface Frame {
  readonly start: number;
  readonly end: number;
}

/** The records of a log file that is whole. */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let start = 0; start + FRAME_BYTES <= bytes.length; ) {
    const length = bytes.readBigUInt64LE(start);
    if (length === 0n) break;
    const recordBytes = Number(length & 0xff_ffff_ffff_ffffn);
    const paddingBytes = length >> 63n === 1n ? Number((length >> 56n) & 7n) : 0;
    const end = start + FRAME_BYTES + recordBytes + paddingBytes;
    frames.push({ start, end });
    start = end;
  }
  return frames;
}
