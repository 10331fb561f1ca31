import type { KeyEntry } from './key-entry.js';
import { KeyTree } from './key-tree.js';
import type { Records } from './records.js';
import { revisionCode } from './revision-key.js';
import type { LeaseAttachments } from './types.js';

/** One change of a transaction, as the watch hub is told of it. */
export interface Change {
  readonly key: string;
  readonly main: number;
  readonly code: number;
  /** The encoded record. */
  readonly record: Buffer;
  readonly entry: KeyEntry;
  /** Where the key's record before the transaction is or was in memory; 0 if unknown or none. */
  readonly previousAddress: number;
}

/**
 * The state of the store: the index, the records, and how far revisions go. Everything in here is one
 * synchronous step; who may call what when is decided above.
 */
export class KeySpace {
  tree = new KeyTree();
  readonly records: Records;
  /** The newest revision; an empty store is at 1. */
  revision = 1;
  /** Reads below are refused; -1 = never compacted. */
  compactedRevision = -1;
  /** Changes when everything is forgotten: sliced reads of an older epoch end with an error. */
  epoch = 0;
  private readonly leases: LeaseAttachments;

  constructor(records: Records, leases: LeaseAttachments) {
    this.records = records;
    this.leases = leases;
  }

  /**
   * Forgets keys and records, to take over another state; how far revisions went stays known until
   * then.
   */
  forget(): void {
    this.epoch++;
    this.tree = new KeyTree();
    this.records.clear();
  }

  /** Takes over the state of `other`, which has the same records. */
  takeOver(other: KeySpace): void {
    this.tree = other.tree;
    this.revision = other.revision;
    this.compactedRevision = other.compactedRevision;
  }

  /** Writes a key as change `sub` of the revision `main`. */
  put(main: number, sub: number, key: string, value: Uint8Array, lease: bigint): Change {
    const code = revisionCode(sub, false);
    const entry = this.tree.get(key);
    const existed = entry?.isLive === true;
    const createRevision = existed ? entry.createRevision : main;
    const version = existed ? entry.version + 1 : 1;
    const record = this.records.appendPut(main, code, key, createRevision, version, value, lease);
    const oldLease = existed ? entry.lease : 0n;
    const previousAddress = existed && entry.modRevision < main ? entry.address : 0;
    const changed = this.record(entry, key, main, code, createRevision, version, lease);
    if (oldLease !== lease) {
      if (oldLease !== 0n) this.leases.detach(oldLease, key);
      if (lease !== 0n) this.leases.attach(lease, key);
    }
    return { key, main, code, record, entry: changed, previousAddress };
  }

  private record(
    entry: KeyEntry | undefined,
    key: string,
    main: number,
    code: number,
    createRevision: number,
    version: number,
    lease: bigint,
  ): KeyEntry {
    const address = this.records.lastAddress;
    if (entry === undefined) {
      const created = this.tree.create(key);
      created.change(main, code, createRevision, version, lease, address);
      this.tree.insert(created);
      return created;
    }
    const wasLive = entry.isLive;
    entry.change(main, code, createRevision, version, lease, address);
    if (!wasLive) this.tree.adjustLive(key, 1);
    return entry;
  }

  /** Deletes a live key as change `sub` of the revision `main`. */
  delete(main: number, sub: number, entry: KeyEntry): Change {
    const { key, lease } = entry;
    const code = revisionCode(sub, true);
    const previousAddress = entry.modRevision < main ? entry.address : 0;
    const record = this.records.appendTombstone(main, code, key);
    entry.change(main, code, 0, 0, 0n, this.records.lastAddress);
    this.tree.adjustLive(key, -1);
    if (lease !== 0n) this.leases.detach(lease, key);
    return { key, main, code, record, entry, previousAddress };
  }
}
