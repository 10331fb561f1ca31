/**
 * Writing a bbolt file as a stream. Its first pages say how large it is and where the tree begins, and
 * those who are sent one want its size before the first byte; so the buckets are read twice, first to
 * measure and then to write. A temporary file would need as much room again on a disk that may be full
 * (when a backup matters most), and clearing away after a crash; the second scan needs neither.
 */
import { BoltWriteError } from './errors.js';
import {
  BUCKET_HEADER_BYTES,
  ElementKind,
  META_PAGES,
  PAGE_SIZE_BYTES,
  writeUint64,
} from './format.js';
import { type Meta, writeMeta } from './meta.js';
import { PageCounter, PageWriter } from './page-sinks.js';
import { type PageSink, TreePacker } from './tree-packer.js';

/** Takes a pair: its key, and its value as `source[start, end)`. Both are valid only during the call. */
export type PairVisitor = (key: Buffer, source: Buffer, start: number, end: number) => void;

/** A bucket to be written: sorted pairs that can be walked over, any number of times. */
export interface BoltRecords {
  /** Its bytes as latin1. */
  readonly name: string;
  /** Hands over all pairs, ascending; each step of the iteration is a batch of them, and may be empty. */
  visit(visit: PairVisitor): AsyncIterable<void>;
}

/** What must be known of a file before its first byte. */
export interface BoltLayout {
  readonly rootPage: number;
  readonly pageCount: number;
  readonly sizeBytes: number;
}

/** Behind the meta pages. An empty list saves bbolt the search for free pages when it opens the file. */
const FREELIST_PAGE = META_PAGES;
/** The higher one counts; both have the same content, as bbolt's own snapshots do. */
const TRANSACTION_IDS = [2, 1];

/**
 * Reads all buckets, which ascend by name, and measures the file with their pairs. Throws
 * {@link BoltWriteError} if bbolt cannot hold them, or the reason of `signal` once it is aborted.
 */
export async function measureBoltFile(
  buckets: readonly BoltRecords[],
  signal?: AbortSignal,
): Promise<BoltLayout> {
  const counter = new PageCounter(FREELIST_PAGE + 1);
  const packing = packBuckets(buckets, counter);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const step = await packing.next();
      if (step.done !== true) continue;
      const { pageCount } = counter;
      return { rootPage: step.value, pageCount, sizeBytes: pageCount * PAGE_SIZE_BYTES };
    }
  } finally {
    // Ends the walk over the bucket, whose files are open.
    await packing.return(0);
  }
}

/**
 * The file in blocks of 32 KiB (the last may be shorter), each a buffer of its own. The buckets must be
 * those that `layout` was measured with. Holds a batch of pairs and its blocks, and a page a level of
 * the tree.
 */
export async function* writeBoltFile(
  buckets: readonly BoltRecords[],
  layout: BoltLayout,
): AsyncGenerator<Buffer> {
  const writer = new PageWriter();
  for (const transactionId of TRANSACTION_IDS) {
    const meta: Meta = {
      pageSizeBytes: PAGE_SIZE_BYTES,
      rootPage: layout.rootPage,
      freelistPage: FREELIST_PAGE,
      pageCount: layout.pageCount,
      transactionId,
    };
    writer.meta((target, offset) => writeMeta(target, offset, meta));
  }
  writer.emptyFreelist();
  const packing = packBuckets(buckets, writer);
  let step: IteratorResult<void, number>;
  try {
    step = await packing.next();
    for (; step.done !== true; step = await packing.next()) yield* writer.takeFull();
  } finally {
    await packing.return(0);
  }
  yield* writer.takeFull();
  if (step.value !== layout.rootPage || writer.pageCount !== layout.pageCount) {
    throw new BoltWriteError('bbolt: the buckets have changed since they were measured');
  }
  const rest = writer.rest();
  if (rest.length > 0) yield rest;
}

/** Packs one tree a bucket, then the one of the buckets; yields after every batch of pairs. */
async function* packBuckets(
  buckets: readonly BoltRecords[],
  sink: PageSink,
): AsyncGenerator<void, number> {
  const root = new TreePacker(sink, ElementKind.bucket);
  for (const bucket of buckets) {
    const tree = new TreePacker(sink);
    yield* bucket.visit((key, source, start, end) => tree.add(key, source, start, end));
    const header = Buffer.alloc(BUCKET_HEADER_BYTES);
    writeUint64(header, 0, tree.finish());
    root.add(Buffer.from(bucket.name, 'latin1'), header, 0, header.length);
  }
  return root.finish();
}
