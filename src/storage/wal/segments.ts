/** Segment files and their names (formats.md §2.1). */
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { hasCode } from '../disk.js';
import { WalDirectoryError } from './errors.js';

/** One segment file. */
export interface Segment {
  readonly path: string;
  /** 0, 1, 2 … over the life of the log. */
  readonly sequence: number;
  /** Index of the first entry that may be in the segment. */
  readonly firstIndex: number;
}

const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/;

const hex16 = (value: number): string => value.toString(16).padStart(16, '0');

/** The segment of a sequence number and first index, named as etcd names it. */
export function makeSegment(directory: string, sequence: number, firstIndex: number): Segment {
  const path = join(directory, `${hex16(sequence)}-${hex16(firstIndex)}.wal`);
  return { path, sequence, firstIndex };
}

/** The segment that a file name stands for, or undefined if it is not one. */
export function parseSegmentName(directory: string, name: string): Segment | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const sequence = Number.parseInt(match[1] ?? '', 16);
  const firstIndex = Number.parseInt(match[2] ?? '', 16);
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(firstIndex)) return undefined;
  return { path: join(directory, name), sequence, firstIndex };
}

/** All segments of a directory in order; empty if the directory does not exist. */
export async function listSegments(disk: Disk, directory: string): Promise<Segment[]> {
  let names: string[];
  try {
    names = await disk.readDirectory(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
  const segments: Segment[] = [];
  for (const name of names) {
    const segment = parseSegmentName(directory, name);
    if (segment !== undefined) segments.push(segment);
  }
  // Names have equal length, so name order is numeric order; kept explicit for odd Disks.
  return segments.sort((a, b) => a.sequence - b.sequence || a.firstIndex - b.firstIndex);
}

/** Whether the directory holds a log. */
export async function walExists(disk: Disk, directory: string): Promise<boolean> {
  return (await listSegments(disk, directory)).length > 0;
}

/**
 * The segments to read for a start at `snapshotIndex`: the last one whose first index does not lie
 * beyond it, and all after it. Throws {@link WalDirectoryError}.
 */
export function selectSegments(segments: readonly Segment[], snapshotIndex: number): Segment[] {
  if (segments.length === 0) throw new WalDirectoryError('wal: no segment files found');
  let start = segments.length - 1;
  while (start >= 0 && (segments[start] as Segment).firstIndex > snapshotIndex) start--;
  if (start < 0) {
    throw new WalDirectoryError(
      `wal: file not found which matches the snapshot index '${snapshotIndex}'`,
    );
  }
  const selected = segments.slice(start);
  selected.forEach((segment, position) => {
    if (segment.sequence !== (selected[0] as Segment).sequence + position) {
      throw new WalDirectoryError(
        `wal: file sequence numbers (starting from ${start}) do not increase continuously`,
      );
    }
  });
  return selected;
}
