import { crc32c } from '../base/crc32c.js';
import { codeOfRevisionKey, isTombstoneCode, mainOfRevisionKey } from './revision-key.js';
import type { KeyValueHash } from './types.js';

/** Whether the change (main, code), whose record is `source[start, …)`, is in the keep set of formats.md §9. */
export type KeepTest = (main: number, code: number, source: Buffer, start: number) => boolean;

const BUCKET_NAME = Buffer.from('key');

/** The hash of HashKV over the pairs of the key bucket, fed in ascending order (formats.md §9). */
export class KeyValueHasher {
  private state = crc32c(BUCKET_NAME);
  private readonly compactRevision: number;
  private readonly revision: number;
  private readonly isKept: KeepTest;

  constructor(compactRevision: number, revision: number, isKept: KeepTest) {
    this.compactRevision = compactRevision;
    this.revision = revision;
    this.isKept = isKept;
  }

  /** The record is `source[start, end)`. */
  add(key: Buffer, source: Buffer, start = 0, end = source.length): void {
    const main = mainOfRevisionKey(key);
    if (main > this.revision) return;
    if (main <= this.compactRevision) {
      const code = codeOfRevisionKey(key);
      if (!this.isKept(main, code, source, start)) return;
      // Older etcd removes this one when it compacts and newer keeps it; their hashes are equal.
      if (main === this.compactRevision && isTombstoneCode(code)) return;
    }
    this.state = crc32c(source, crc32c(key, this.state), start, end);
  }

  result(): KeyValueHash {
    const { state, compactRevision, revision } = this;
    return { hash: state, compactRevision, hashRevision: revision };
  }
}
