/**
 * Logs that etcd 3.4.23 and 3.7.1 wrote are read to the end, say what the servers said, and come
 * out byte for byte when their content is written again.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { WireReader } from '../../../src/storage/protowire.js';
import { decodeEntry, decodeHardState } from '../../../src/storage/raftcodec.js';
import type { HardState, LogContent, LogEntry } from '../../../src/storage/wal/index.js';
import {
  createWal,
  decodeWalSnapshot,
  encodeWalSnapshot,
  listSegments,
  nodeDisk,
  openWal,
  RECORD_CRC,
  RECORD_ENTRY,
  RECORD_SNAPSHOT,
  RECORD_STATE,
  RecordEncoder,
  readLog,
  readRecords,
  validSnapshotEntries,
} from '../../../src/storage/wal/index.js';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../../support/folders.js';
import { testDataPath } from '../../support/repository.js';

interface Expected {
  readonly walEntries: number;
  readonly raftIndex: number;
  readonly raftTerm: number;
  /** Snapshot indexes; given for the two-segment log only. */
  readonly snapshots?: number[];
  readonly memberId: string;
  readonly clusterId: string;
}

const dependencies = { disk: nodeDisk, clock: systemClock, logger: silentLogger };

const LOGS = [
  { name: '3.4.23', wal: ['3.4.23', 'data-dir', 'member', 'wal'], json: ['3.4.23'] },
  { name: '3.7.1', wal: ['3.7.1', 'data-dir', 'member', 'wal'], json: ['3.7.1'] },
  {
    name: '3.7.1, two segments',
    wal: ['3.7.1', 'wal-two-segments'],
    json: ['3.7.1', 'wal-two-segments'],
  },
] as const;

for (const log of LOGS) {
  describe(`the log of etcd ${log.name}`, () => {
    const root = makeTemporaryFolder();
    const directory = join(root, 'wal');
    const expected = readExpected(...log.json);
    let content: LogContent;

    before(async () => {
      await unpackLog(directory, ...log.wal);
      content = await readLog(nodeDisk, directory);
    });
    after(() => removeFolder(root));

    it('holds every entry from 1 on and the last commit index', () => {
      assert.deepEqual(
        content.entries.map((entry) => entry.index),
        Array.from({ length: expected.walEntries }, (_, position) => position + 1),
      );
      assert.equal(content.hardState.commit, expected.raftIndex);
      assert.equal(content.hardState.term, expected.raftTerm);
      assert.equal(content.hardState.vote, BigInt(expected.memberId));
    });

    it('names the member and the cluster in its metadata', () => {
      const fields = new WireReader(content.metadata);
      assert.equal(fields.tag(), 0x08);
      assert.equal(fields.varint64(), BigInt(expected.memberId));
      assert.equal(fields.tag(), 0x10);
      assert.equal(fields.varint64(), BigInt(expected.clusterId));
    });

    it('holds the snapshot records', async () => {
      const snapshots = await validSnapshotEntries(nodeDisk, directory);
      const indexes = expected.snapshots ?? [61, 122];
      assert.deepEqual(
        snapshots.map((snapshot) => snapshot.index),
        [0, ...indexes],
      );
    });

    it('can be opened at its newest snapshot', async () => {
      const snapshot = (await validSnapshotEntries(nodeDisk, directory)).at(-1);
      assert.ok(snapshot !== undefined);
      const copy = join(root, 'copy');
      await cp(directory, copy, { recursive: true });
      const opened = await openWal({ directory: copy }, dependencies, snapshot);
      await opened.wal.close();
      assert.deepEqual(opened.entries, content.entries.slice(snapshot.index));
      assert.deepEqual(opened.hardState, content.hardState);
      await removeFolder(copy);
    });

    it('is written back byte for byte from its raw records', async () => {
      const form = (encoder: RecordEncoder, type: number, data: Uint8Array) =>
        encoder.writeRecord(type, data);
      await assertSegmentsComeBack(directory, form);
    });

    // 3.4.23 writes the fields that are zero as well, so only its raw records come back.
    if (log.name === '3.4.23') return;
    it('is written back byte for byte from its messages', async () => {
      await assertSegmentsComeBack(directory, writeMessage);
    });
  });
}

it('a log appended save by save is cut where etcd 3.7.1 cut it, into the same two files', async (test) => {
  const root = temporaryFolder(test);
  const source = join(root, 'etcd');
  await unpackLog(source, '3.7.1', 'wal-two-segments');
  const { metadata } = await readLog(nodeDisk, source);
  const directory = join(root, 'wal');
  const wal = await createWal({ directory }, dependencies, metadata);
  let entries: LogEntry[] = [];
  const save = (state?: HardState): void => {
    if (entries.length > 0 || state !== undefined) wal.append(state, entries, assert.ifError);
    entries = [];
  };
  let headRecords = 0;
  await readRecords(nodeDisk, await listSegments(nodeDisk, source), (type, data, start, end) => {
    const fields = new WireReader(data, start, end);
    if (type === RECORD_CRC) {
      save();
      // The head of a segment is the log's own business: crc, metadata, snapshot or state.
      headRecords = 3;
    }
    if (headRecords > 0) headRecords--;
    else if (type === RECORD_ENTRY) entries.push(decodeEntry(fields));
    else if (type === RECORD_STATE) save(decodeHardState(fields));
    else if (type === RECORD_SNAPSHOT) {
      save();
      wal.saveSnapshot(decodeWalSnapshot(fields), assert.ifError);
    }
  });
  save();
  await wal.close();
  const [ours, theirs] = await Promise.all(
    [directory, source].map((folder) => listSegments(nodeDisk, folder)),
  );
  assert.ok(ours !== undefined && theirs !== undefined);
  assert.deepEqual(
    ours.map((segment) => basename(segment.path)),
    theirs.map((segment) => basename(segment.path)),
  );
  for (const [position, segment] of ours.entries()) {
    const written = readFileSync(segment.path);
    const original = readFileSync(theirs[position]?.path ?? '');
    assert.ok(written.equals(original), `${basename(segment.path)} differs`);
  }
});

/** Encodes all records of a folder again and compares each segment; behind the data only zeros. */
async function assertSegmentsComeBack(
  directory: string,
  write: (encoder: RecordEncoder, type: number, data: Uint8Array) => void,
): Promise<void> {
  const segments = await listSegments(nodeDisk, directory);
  const encoder = new RecordEncoder(0, new Uint8Array(0));
  const parts: Uint8Array[] = [];
  await readRecords(nodeDisk, segments, (type, data, start, end) => {
    if (type !== RECORD_CRC) return write(encoder, type, data.subarray(start, end));
    if (encoder.length > 0) parts.push(takeAll(encoder));
    encoder.writeCrc();
  });
  parts.push(takeAll(encoder));
  assert.equal(parts.length, segments.length);
  for (const [position, segment] of segments.entries()) {
    const original = readFileSync(segment.path);
    const written = parts[position] ?? new Uint8Array(0);
    assert.ok(original.subarray(0, written.length).equals(written), `${segment.path} differs`);
    assert.ok(
      original.subarray(written.length).equals(Buffer.alloc(original.length - written.length)),
    );
  }
}

function takeAll(encoder: RecordEncoder): Uint8Array {
  const length = encoder.length;
  return encoder.takeBuffer(new Uint8Array(0)).subarray(0, length);
}

/** Decodes the data of a record and encodes it as the log itself does. */
function writeMessage(encoder: RecordEncoder, type: number, data: Uint8Array): void {
  const fields = new WireReader(data);
  if (type === RECORD_ENTRY) encoder.writeEntry(decodeEntry(fields));
  else if (type === RECORD_STATE) encoder.writeHardState(decodeHardState(fields));
  else if (type === RECORD_SNAPSHOT) {
    encoder.writeRecord(type, encodeWalSnapshot(decodeWalSnapshot(fields)));
  } else encoder.writeRecord(type, data);
}

function readExpected(...folder: string[]): Expected {
  return JSON.parse(readFileSync(testDataPath('etcd-data', ...folder, 'expected.json'), 'utf8'));
}

async function unpackLog(directory: string, ...folder: string[]): Promise<void> {
  const source = testDataPath('etcd-data', ...folder);
  await mkdir(directory);
  for (const name of await readdir(source)) {
    if (!name.endsWith('.wal.gz')) continue;
    const bytes = gunzipSync(readFileSync(join(source, name)));
    writeFileSync(join(directory, name.slice(0, -'.gz'.length)), bytes);
  }
}
