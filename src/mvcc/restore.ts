import type { Clock } from '../base/clock.js';
import { Bucket } from '../storage/backend/index.js';
import { CorruptStoreError } from './errors.js';
import type { KeySpace } from './key-space.js';
import type { LeafNode } from './key-tree-nodes.js';
import { emptyMeta, readMetaInto } from './record.js';
import {
  codeOfRevisionKey,
  encodeMainRevision,
  isRevisionKey,
  isTombstoneCode,
  mainOfRevisionKey,
} from './revision-key.js';
import { nextTurn } from './turns.js';
import type { LeaseAttachments, RecordStore } from './types.js';

/** Leaves of the index looked at in one turn. */
const LEAVES_PER_TURN = 512;

const FINISHED_COMPACTION = Buffer.from('finishedCompactRev');
const SCHEDULED_COMPACTION = Buffer.from('scheduledCompactRev');

/** A revision of the meta bucket; undefined if it was never written. */
function readMetaRevision(store: RecordStore, key: Buffer): number | undefined {
  const value = store.getSync(Bucket.meta, key);
  if (value === undefined) return undefined;
  if (!isRevisionKey(value)) {
    throw new CorruptStoreError(`mvcc: meta/${key} is no revision: ${value.toString('hex')}`);
  }
  return mainOfRevisionKey(value);
}

/** The two marks of compactions (formats.md §4). */
export class CompactionMarks {
  private readonly store: RecordStore;

  constructor(store: RecordStore) {
    this.store = store;
  }

  get finished(): number | undefined {
    return readMetaRevision(this.store, FINISHED_COMPACTION);
  }

  get scheduled(): number | undefined {
    return readMetaRevision(this.store, SCHEDULED_COMPACTION);
  }

  markFinished(revision: number): void {
    this.store.put(Bucket.meta, FINISHED_COMPACTION, encodeMainRevision(revision));
  }

  markScheduled(revision: number): void {
    this.store.put(Bucket.meta, SCHEDULED_COMPACTION, encodeMainRevision(revision));
  }
}

/**
 * Fills an empty key space from the record store: index, newest records, revision, and the lease
 * attachments of live keys. A compaction that was scheduled and not finished is left to the caller.
 * Throws {@link CorruptStoreError}.
 */
export async function restoreKeySpace(
  space: KeySpace,
  store: RecordStore,
  leases: LeaseAttachments,
  clock: Clock,
): Promise<void> {
  const marks = new CompactionMarks(store);
  const restorer = new RecordRestorer(space);
  await store.visitAll(Bucket.key, restorer.visit);
  for (const _ of space.tree.finishLoad()) await nextTurn(clock);
  space.compactedRevision = marks.finished ?? -1;
  // The newest revisions may have been tombstones that a compaction removed.
  space.revision = Math.max(space.revision, space.compactedRevision, marks.scheduled ?? 0);
  await attachLeases(space, leases, clock);
}

/** Puts records into a key space in the order of their revisions. */
class RecordRestorer {
  private readonly space: KeySpace;
  /** One for all records. */
  private readonly meta = emptyMeta();

  constructor(space: KeySpace) {
    this.space = space;
  }

  /** A RecordVisitor. Throws {@link CorruptStoreError}. */
  readonly visit = (key: Buffer, source: Buffer, start: number, end: number): void => {
    if (!isRevisionKey(key)) {
      throw new CorruptStoreError(`mvcc: the key bucket holds ${key.toString('hex')}`);
    }
    const { space, meta } = this;
    const main = mainOfRevisionKey(key);
    const code = codeOfRevisionKey(key);
    const address = space.records.adopt(main, code, source, start, end);
    readMetaInto(meta, source, start, end);
    const name = source.toString('latin1', meta.keyOffset, meta.keyOffset + meta.keyLength);
    const known = space.tree.get(name);
    const entry = known ?? space.tree.create(name);
    if (isTombstoneCode(code)) entry.change(main, code, 0, 0, 0n, address);
    else entry.change(main, code, meta.createRevision, meta.version, meta.lease, address);
    if (known === undefined) space.tree.load(entry);
    space.revision = main;
  };
}

async function attachLeases(
  space: KeySpace,
  leases: LeaseAttachments,
  clock: Clock,
): Promise<void> {
  let leaf: LeafNode | undefined = space.tree.seek('').leaf;
  for (let seen = 1; leaf !== undefined; leaf = leaf.next, seen++) {
    for (let index = 0; index < leaf.length; index++) {
      const { lease, key } = leaf.entryAt(index);
      if (lease !== 0n) leases.attach(lease, key);
    }
    // Nothing changes the tree while it is restored.
    if (seen % LEAVES_PER_TURN === 0) await nextTurn(clock);
  }
}
