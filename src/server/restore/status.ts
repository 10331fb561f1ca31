import { crc32c } from '../../base/crc32c.js';
import { readRecordKey } from '../../mvcc/record.js';
import {
  codeOfRevisionKey,
  isRevisionKey,
  isTombstoneCode,
  mainOfRevisionKey,
} from '../../mvcc/revision-key.js';
import { RestoreError } from './errors.js';
import { SnapshotFile } from './snapshot-file.js';

/** What `snapshot status` tells of a file (formats.md §6). */
export interface SnapshotStatus {
  /** CRC-32C over names, keys and values of all buckets. */
  readonly hash: number;
  /** The newest revision; 0 if there is none. */
  readonly revision: number;
  /** Keys that exist at that revision. */
  readonly totalKey: number;
  readonly totalSizeBytes: number;
  /** `3.7.0`; empty in files of servers before 3.6. */
  readonly version: string;
}

const STORAGE_VERSION = Buffer.from('storageVersion');

/** Reads all of a snapshot file. Throws the error of node:fs, or BoltCorruptError. */
export async function snapshotStatus(path: string): Promise<SnapshotStatus> {
  const file = await SnapshotFile.open(path);
  const live = new Set<string>();
  let hash = 0;
  let revision = 0;
  let version = '';
  try {
    for (const bucket of await file.buckets()) {
      hash = crc32c(Buffer.from(bucket.name, 'latin1'), hash);
      for await (const batch of bucket.scan()) {
        for (const [key, value] of batch) {
          hash = crc32c(value, crc32c(key, hash));
          if (bucket.name === 'meta' && key.equals(STORAGE_VERSION)) version = value.toString();
          if (bucket.name !== 'key') continue;
          revision = countKey(live, key, value);
        }
      }
    }
  } finally {
    await file.close();
  }
  return { hash, revision, totalKey: live.size, totalSizeBytes: file.sizeBytes, version };
}

/** Notes one change; returns its revision. */
function countKey(live: Set<string>, key: Buffer, record: Buffer): number {
  if (!isRevisionKey(key)) {
    throw new RestoreError(`the key bucket holds ${key.toString('hex')}, which is no revision`);
  }
  const name = readRecordKey(record);
  if (isTombstoneCode(codeOfRevisionKey(key))) live.delete(name);
  else live.add(name);
  return mainOfRevisionKey(key);
}
