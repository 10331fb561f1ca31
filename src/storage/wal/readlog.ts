/** Reading a whole log without changing it (formats.md §2.6). */
import type { Disk } from '../disk.js';
import { WireReader } from '../protowire.js';
import type { HardState, LogEntry } from '../raftcodec.js';
import { decodeEntry, decodeHardState, EMPTY_HARD_STATE } from '../raftcodec.js';
import { WalDirectoryError, WalSnapshotError, WalTornError } from './errors.js';
import {
  RECORD_CRC,
  RECORD_ENTRY,
  RECORD_METADATA,
  RECORD_SNAPSHOT,
  RECORD_STATE,
} from './recordencoder.js';
import { InvalidRecordError, readRecords } from './recordreader.js';
import { listSegments, type Segment, selectSegments } from './segments.js';
import type { WalSnapshot } from './walsnapshot.js';
import { decodeWalSnapshot } from './walsnapshot.js';

/** What a log says from a snapshot on. */
export interface LogContent {
  /** The bytes given when the log was created, etcdserverpb.Metadata in practice. */
  readonly metadata: Uint8Array;
  /** The last state; all zero if there is none. */
  readonly hardState: HardState;
  /**
   * The entries after the snapshot, without gaps, overwritten ones left out. Their data are views
   * of chunks of about half a megabyte. Entries beyond `hardState.commit` may not be committed.
   */
  readonly entries: LogEntry[];
}

/** Where a log starts that has no snapshot yet. */
export const NO_SNAPSHOT: WalSnapshot = { index: 0, term: 0 };

/**
 * Reads the log from `snapshot` on and changes nothing; a torn record at the end is ignored. Throws
 * {@link WalDirectoryError}, {@link WalSnapshotError}, WalCorruptError.
 */
export async function readLog(
  disk: Disk,
  directory: string,
  snapshot: WalSnapshot = NO_SNAPSHOT,
): Promise<LogContent> {
  const collector = new LogCollector(snapshot);
  const segments = selectSegments(await listSegments(disk, directory), snapshot.index);
  try {
    await readRecords(disk, segments, collector.visit);
  } catch (error) {
    if (!(error instanceof WalTornError)) throw error;
  }
  return collector.content(directory);
}

/** The snapshot records of some segments, in log order, and the commit index of their last state. */
interface SnapshotRecords {
  readonly snapshots: readonly WalSnapshot[];
  readonly commit: number;
}

/** Reads segments that follow each other; a torn record ends them. Throws WalCorruptError. */
async function readSnapshotRecords(
  disk: Disk,
  segments: readonly Segment[],
): Promise<SnapshotRecords> {
  const snapshots: WalSnapshot[] = [];
  let commit = 0;
  const fields = new WireReader(new Uint8Array(0));
  try {
    await readRecords(disk, segments, (type, data, start, end) => {
      fields.reset(data, start, end);
      if (type === RECORD_SNAPSHOT) snapshots.push(decodeWalSnapshot(fields));
      else if (type === RECORD_STATE) commit = decodeHardState(fields).commit;
    });
  } catch (error) {
    if (!(error instanceof WalTornError)) throw error;
  }
  return { snapshots, commit };
}

/**
 * All snapshot records of the log that its last state covers (index ≤ commit), in log order. Throws
 * {@link WalDirectoryError}, WalCorruptError.
 */
export async function validSnapshotEntries(disk: Disk, directory: string): Promise<WalSnapshot[]> {
  const segments = await listSegments(disk, directory);
  if (segments.length === 0) throw new WalDirectoryError('wal: no segment files found');
  const { snapshots, commit } = await readSnapshotRecords(disk, segments);
  return snapshots.filter((snapshot) => snapshot.index <= commit);
}

/**
 * The last of {@link validSnapshotEntries}: where a start reads from. {@link NO_SNAPSHOT} if there is
 * none. Looks at the newest segment first, and at an older one only if it must: a start would read the
 * whole log twice otherwise. Throws {@link WalDirectoryError}, and WalCorruptError if what it looks at
 * is damaged.
 */
export async function newestSnapshotEntry(disk: Disk, directory: string): Promise<WalSnapshot> {
  const segments = await listSegments(disk, directory);
  if (segments.length === 0) throw new WalDirectoryError('wal: no segment files found');
  let lastCommit = 0;
  for (const segment of segments.reverse()) {
    // Each segment begins with the state at its beginning, so the first that has one has the last.
    const { snapshots, commit } = await readSnapshotRecords(disk, [segment]);
    if (lastCommit === 0) lastCommit = commit;
    const newest = snapshots.findLast((snapshot) => snapshot.index <= lastCommit);
    if (newest !== undefined) return newest;
  }
  return NO_SNAPSHOT;
}

/** Puts records together to a {@link LogContent}. */
export class LogCollector {
  readonly #start: WalSnapshot;
  readonly #entries: LogEntry[] = [];
  readonly #fields = new WireReader(new Uint8Array(0));
  #metadata: Uint8Array | undefined;
  #hardState: HardState = EMPTY_HARD_STATE;
  #foundStart = false;
  #termAtStart: number | undefined;
  /** Term of the entry at the start's index, as far as the log has it. */
  #startEntryTerm: number | undefined;
  /** Term of the entry record read last. */
  #lastTerm = 0;
  /** Index of the last entry record, or of the start if that is larger. */
  lastIndex: number;

  constructor(start: WalSnapshot) {
    this.#start = start;
    this.lastIndex = start.index;
  }

  /** A RecordVisitor. */
  readonly visit = (type: number, data: Uint8Array, start: number, end: number): void => {
    this.#fields.reset(data, start, end);
    if (type === RECORD_ENTRY) this.#takeEntry(decodeEntry(this.#fields));
    else if (type === RECORD_STATE) this.#takeHardState(decodeHardState(this.#fields));
    else if (type === RECORD_METADATA) this.#takeMetadata(data.subarray(start, end));
    else if (type === RECORD_SNAPSHOT) this.#takeSnapshot(decodeWalSnapshot(this.#fields));
    else if (type !== RECORD_CRC) throw new InvalidRecordError('unexpected block type');
  };

  /** Throws {@link WalSnapshotError}, naming the log, if it has no record of the start snapshot. */
  content(directory: string): LogContent {
    const { index, term } = this.#start;
    if (this.#termAtStart !== undefined) {
      throw new WalSnapshotError(
        `wal: snapshot mismatch: index ${index} has term ${this.#termAtStart}, not ${term}: in ${directory}`,
      );
    }
    if (!this.#foundStart) {
      throw new WalSnapshotError(
        `wal: snapshot not found: index ${index}, term ${term}: in ${directory}`,
      );
    }
    return {
      metadata: this.#metadata ?? new Uint8Array(0),
      hardState: this.#hardState,
      entries: this.#entries,
    };
  }

  #takeEntry(entry: LogEntry): void {
    const position = entry.index - this.#start.index - 1;
    if (position >= 0) {
      if (position > this.#entries.length) {
        throw new InvalidRecordError(
          `entry ${entry.index} leaves a gap after snapshot ${this.#start.index} ` +
            `and ${this.#entries.length} entries`,
        );
      }
      // Terms ascend along the log; in the file they need not, for what is replaced may be newer.
      const before = this.#entries[position - 1]?.term ?? 0;
      if (entry.term < before) {
        throw new InvalidRecordError(`entry ${entry.index} goes back to term ${entry.term}`);
      }
      // A later record of the same index overwrites an uncommitted entry and all after it.
      this.#entries.length = position;
      this.#entries.push(entry);
    } else {
      // One before the start takes the place of what came after it, too.
      this.#entries.length = 0;
      this.#startEntryTerm = position === -1 ? entry.term : undefined;
    }
    this.lastIndex = Math.max(entry.index, this.#start.index);
    this.#lastTerm = entry.term;
  }

  /** Term and commit never go back, and a vote is never changed within a term (Raft §5.2, §5.3). */
  #takeHardState(state: HardState): void {
    const known = this.#hardState;
    const sameTerm = state.term === known.term;
    const revokes = sameTerm && known.vote !== 0n && state.vote !== known.vote;
    if (
      state.term < Math.max(known.term, this.#lastTerm) ||
      state.commit < known.commit ||
      revokes
    ) {
      throw new InvalidRecordError(
        `state with term ${state.term}, commit ${state.commit} contradicts what stands before it`,
      );
    }
    this.#hardState = state;
  }

  #takeMetadata(metadata: Uint8Array): void {
    if (this.#metadata !== undefined && Buffer.compare(this.#metadata, metadata) !== 0) {
      throw new InvalidRecordError('conflicting metadata found');
    }
    this.#metadata = metadata.slice();
  }

  #takeSnapshot(snapshot: WalSnapshot): void {
    if (snapshot.index !== this.#start.index) return;
    if (snapshot.term !== this.#start.term) {
      this.#termAtStart = snapshot.term;
      return;
    }
    this.#foundStart = true;
    if (this.#startEntryTerm === snapshot.term) return;
    // The snapshot came from a leader, in place of a log without the entry that it ends with. What
    // that log had behind it was never committed; kept, it would look like the end of this one.
    this.#entries.length = 0;
    this.lastIndex = snapshot.index;
  }
}
