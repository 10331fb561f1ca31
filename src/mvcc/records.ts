import { Bucket } from '../storage/backend/index.js';
import { CorruptStoreError } from './errors.js';
import type { KeyEntry } from './key-entry.js';
import { recordSize, tombstoneSize, writeRecord, writeTombstone } from './record.js';
import { encodeRevisionKey } from './revision-key.js';
import { RevisionRing } from './revision-ring.js';
import type { RecordStore } from './types.js';
import { ValueLog } from './value-log.js';

/**
 * The records of all revisions: new ones go to memory and to the record store, old ones come from
 * memory if they are still there.
 */
export class Records {
  readonly recent = new RevisionRing();
  private readonly log: ValueLog;
  private readonly store: RecordStore;
  private knownTail: number;

  /** The address of the record appended last. */
  lastAddress = 0;
  /** How many records had to be fetched from the store so far: what makes a read slow. */
  fetches = 0;

  constructor(cacheSizeBytes: number, store: RecordStore) {
    this.log = new ValueLog(cacheSizeBytes);
    this.store = store;
    this.knownTail = this.log.tail;
  }

  /** Bytes of memory the records take. */
  get sizeBytes(): number {
    return this.log.sizeBytes;
  }

  /** Writes the record of a put and returns it; its address is {@link lastAddress}. */
  appendPut(
    main: number,
    code: number,
    key: string,
    createRevision: number,
    version: number,
    value: Uint8Array,
    lease: bigint,
  ): Buffer {
    const { log } = this;
    const size = recordSize(key, createRevision, main, version, value, lease);
    this.lastAddress = log.reserve(size);
    const { target, targetOffset } = log;
    writeRecord(target, targetOffset, key, createRevision, main, version, value, lease);
    return this.keep(main, code, target.subarray(targetOffset, targetOffset + size));
  }

  /** Writes the record of a deletion and returns it; its address is {@link lastAddress}. */
  appendTombstone(main: number, code: number, key: string): Buffer {
    const { log } = this;
    const size = tombstoneSize(key);
    this.lastAddress = log.reserve(size);
    const { target, targetOffset } = log;
    writeTombstone(target, targetOffset, key);
    return this.keep(main, code, target.subarray(targetOffset, targetOffset + size));
  }

  private keep(main: number, code: number, record: Buffer): Buffer {
    this.store.put(Bucket.key, encodeRevisionKey(main, code), record);
    this.noteRecent(main, code, this.lastAddress);
    return record;
  }

  /**
   * Takes a copy of the record `source[start, end)`, which the store already has, into memory
   * (restore); returns its address.
   */
  adopt(main: number, code: number, source: Buffer, start: number, end: number): number {
    const address = this.log.append(source, start, end);
    this.noteRecent(main, code, address);
    return address;
  }

  /** The newest record of a key. Throws {@link CorruptStoreError}. */
  newest(entry: KeyEntry): Buffer {
    if (this.log.has(entry.address)) return this.log.view(entry.address);
    const record = this.fetch(entry.modRevision, entry.code);
    entry.address = this.log.append(record);
    this.forgetDropped();
    return this.log.view(entry.address);
  }

  /** The record at an address that may have been dropped; then undefined. */
  inMemory(address: number): Buffer | undefined {
    return this.log.has(address) ? this.log.view(address) : undefined;
  }

  /** The record of any change. Throws {@link CorruptStoreError} if it does not exist. */
  at(main: number, code: number): Buffer {
    const address = this.recent.find(main, code);
    return address === undefined ? this.fetch(main, code) : this.log.view(address);
  }

  /** The record of the change `number` of {@link recent}. */
  recentRecord(number: number): Buffer {
    return this.log.view(this.recent.addressAt(number));
  }

  /** Forgets what memory holds. */
  clear(): void {
    this.log.clear();
    this.recent.clear();
    this.knownTail = this.log.tail;
  }

  private fetch(main: number, code: number): Buffer {
    this.fetches++;
    const record = this.store.getSync(Bucket.key, encodeRevisionKey(main, code));
    if (record !== undefined) return record;
    throw new CorruptStoreError(
      `mvcc: the record store has no record of revision ${main}.${Math.floor(code / 2)}`,
    );
  }

  private noteRecent(main: number, code: number, address: number): void {
    this.recent.push(main, code, address);
    this.forgetDropped();
  }

  private forgetDropped(): void {
    if (this.log.tail === this.knownTail) return;
    this.knownTail = this.log.tail;
    this.recent.dropBelow(this.knownTail);
  }
}
