import type { Clock } from '../base/clock.js';
import { Bucket } from '../storage/backend/index.js';
import { CompactedError, FutureRevisionError, StoreClosedError } from './errors.js';
import type { KeyEntry, LocatedRevision } from './key-entry.js';
import type { KeySpace } from './key-space.js';
import type { LeafNode } from './key-tree-nodes.js';
import { type KeepTest, KeyValueHasher } from './key-value-hasher.js';
import { readRecordKey } from './record.js';
import { encodeMainRevision, isTombstoneCode } from './revision-key.js';
import type { RevisionPins } from './revision-pins.js';
import { nextTurn } from './turns.js';
import type { KeyValueHash, RecordStore } from './types.js';

/** Hashes of compactions that are remembered, in memory only (formats.md §9). */
const MAX_STORED = 10;
/** Index entries looked at in one turn. */
const ENTRIES_PER_TURN = 20_000;

export interface HashesDependencies {
  space: KeySpace;
  store: RecordStore;
  pins: RevisionPins;
  clock: Clock;
}

/** HashKV: hashes computed live, and those that compactions left behind (formats.md §9). */
export class Hashes {
  private readonly dependencies: HashesDependencies;
  private stored: KeyValueHash[] = [];

  constructor(dependencies: HashesDependencies) {
    this.dependencies = dependencies;
  }

  /** The hashes of the newest compactions, ascending by revision. */
  get ofCompactions(): readonly KeyValueHash[] {
    return this.stored;
  }

  /** Remembers the hash of a compaction. */
  remember(hash: KeyValueHash): void {
    this.stored = [...this.stored, hash]
      .sort((a, b) => a.hashRevision - b.hashRevision)
      .slice(-MAX_STORED);
  }

  forgetAll(): void {
    this.stored = [];
  }

  /**
   * The hash at a revision, 0 = now. Throws {@link CompactedError} and {@link FutureRevisionError}
   * (as rejections).
   */
  async at(asked: number): Promise<KeyValueHash> {
    const remembered = this.stored.find((hash) => hash.hashRevision === asked);
    if (remembered !== undefined) return remembered;
    const { space, pins } = this.dependencies;
    if (asked > 0 && asked < space.compactedRevision) {
      throw new CompactedError(space.compactedRevision);
    }
    if (asked > space.revision) throw new FutureRevisionError(space.revision);
    const release = pins.pin(space.compactedRevision);
    try {
      return await this.compute(asked === 0 ? space.revision : asked, space.compactedRevision);
    } finally {
      release();
    }
  }

  private async compute(revision: number, compactRevision: number): Promise<KeyValueHash> {
    const { space, store } = this.dependencies;
    const { epoch } = space;
    const anyKept = await this.anyKept(revision);
    // Without any revision to keep, what the compaction left is hashed as it is.
    const keepRevision = anyKept ? revision : compactRevision;
    const hasher = new KeyValueHasher(compactRevision, revision, keptAt(space, keepRevision));
    const range = { lt: encodeMainRevision(Math.max(revision, 0) + 1) };
    for await (const batch of store.scan(Bucket.key, range)) {
      if (space.epoch !== epoch) throw new StoreClosedError();
      for (const [key, record] of batch) hasher.add(key, record);
    }
    return hasher.result();
  }

  /**
   * Whether the keep set of a revision has any change at all. A key that was deleted and written anew
   * in that very revision has none there: the first of its generations that reaches the revision ends
   * with the deletion.
   */
  private async anyKept(revision: number): Promise<boolean> {
    const { space, clock } = this.dependencies;
    const isKept = (entry: KeyEntry): boolean =>
      entry.isLiveAt(revision) && !entry.diedIn(revision);
    let resumeAt: string | undefined = '';
    while (resumeAt !== undefined) {
      let leaf: LeafNode | undefined = space.tree.seek(resumeAt).leaf;
      resumeAt = undefined;
      for (let seen = 0; leaf !== undefined; leaf = leaf.next) {
        for (let index = 0; index < leaf.length; index++) {
          if (isKept(leaf.entryAt(index))) return true;
        }
        seen += leaf.length;
        if (seen < ENTRIES_PER_TURN) continue;
        resumeAt = leaf.next?.keys[0];
        break;
      }
      if (resumeAt !== undefined) await nextTurn(clock);
    }
    return false;
  }
}

/** The keep set at a revision: of each key the newest put up to it, if no deletion follows. */
function keptAt(space: KeySpace, revision: number): KeepTest {
  const located: LocatedRevision = { main: 0, code: 0 };
  return (main, code, source, start) => {
    if (isTombstoneCode(code)) return false;
    const entry = space.tree.get(readRecordKey(source, start));
    if (entry === undefined || !entry.locate(revision, located)) return false;
    return located.main === main && located.code === code;
  };
}
