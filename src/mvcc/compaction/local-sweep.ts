import { Bucket } from '../../storage/backend/index.js';
import { encodeMainRevision } from '../revision-key.js';
import type { KeyValueHash, RecordStore } from '../types.js';
import { KeptRevisions, type RevisionLists } from './kept-revisions.js';
import { Sweep, type SweepBounds, type SweepOwner, type SweepPace } from './sweep.js';

/** Removes what a compaction does not keep, in this thread: simple, and best for little. */
export async function sweepHere(
  bounds: SweepBounds,
  kept: RevisionLists,
  { batchLimit, sleepIntervalMs }: SweepPace,
  store: RecordStore,
  owner: SweepOwner,
): Promise<KeyValueHash> {
  const sweep = new Sweep(bounds, new KeptRevisions(kept));
  let sinceRest = 0;
  const range = { lt: encodeMainRevision(bounds.revision + 1) };
  for await (const batch of store.scan(Bucket.key, range)) {
    for (const [key, record] of batch) {
      if (sweep.look(key, record, 0, record.length)) {
        store.delete(Bucket.key, key, record.length);
        owner.removed();
      }
      if (++sinceRest < batchLimit) continue;
      sinceRest = 0;
      await owner.sliceEnded(sleepIntervalMs);
    }
  }
  return sweep.hash;
}
