/** The store after crashes: a killed process, and a machine that lost power. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/base/clock.js';
import { crc32c } from '../../../src/base/crc32c.js';
import { silentLogger } from '../../../src/base/logger.js';
import { seededRandom, systemRandom } from '../../../src/base/random.js';
import { openDatabase } from '../../../src/storage/backend/database.js';
import { Backend } from '../../../src/storage/backend/index.js';
import { followChain } from '../../../src/storage/backend/leveldblog.js';
import { temporaryFolder } from '../../support/folders.js';
import { applyEntry, findInconsistency } from './entries.js';

const dependencies = { clock: systemClock, logger: silentLogger };
const WRITER = fileURLToPath(new URL('./writer-child.js', import.meta.url));

const open = (path: string, batchLimit = 50): Promise<Backend> =>
  Backend.open({ path, batchIntervalMs: 1, batchLimit }, dependencies);

const logsOf = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(path, name));

describe('a killed process', () => {
  it('leaves whole entries up to some index, and all that was flushed', async (test) => {
    const path = join(temporaryFolder(test), 'backend');
    for (let round = 0; round < 8; round++) {
      const flushed = await runAndKill(path, 5 + systemRandom.below(250));
      const backend = await open(path);
      assert.ok(backend.consistentIndex >= flushed, `${backend.consistentIndex} < ${flushed}`);
      assert.equal(await findInconsistency(backend), undefined);
      await backend.close();
    }
  });
});

/** Runs the writer for a while after it has opened; resolves to the last index it told as flushed. */
async function runAndKill(path: string, runMs: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const opened = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      resolve();
    });
  });
  await Promise.race([opened, once(child, 'exit')]);
  await new Promise((resolve) => setTimeout(resolve, runMs));
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const told = [...output.matchAll(/^(?:flushed|open) (\d+)$/gm)].map((match) => Number(match[1]));
  assert.ok(told.length > 0, 'the writer opened the store');
  return Math.max(...told);
}

describe('a machine that lost power', () => {
  it('may have torn the log anywhere: entries up to some index, and all that was synced', async (test) => {
    const folder = temporaryFolder(test);
    const original = join(folder, 'original');
    const synced = await writeInTwoParts(original);
    for (let seed = 0; seed < 60; seed++) {
      const copy = join(folder, `copy-${seed}`);
      cpSync(original, copy, { recursive: true });
      const [log] = logsOf(copy);
      assert.ok(log !== undefined);
      writeFileSync(log, damage(readFileSync(log), synced.logBytes, seed));
      const backend = await open(copy);
      assert.ok(backend.consistentIndex >= synced.index);
      assert.equal(await findInconsistency(backend), undefined, `seed ${seed}`);
      // It goes on from there.
      for (let more = 0; more < 20; more++) applyEntry(backend, backend.consistentIndex + 1);
      await backend.close();
      const again = await open(copy);
      assert.equal(await findInconsistency(again), undefined, `seed ${seed} continued`);
      await again.close();
    }
  });

  it('may have lost the end of a log and kept the next: that one is put aside', async (test) => {
    const folder = temporaryFolder(test);
    const original = join(folder, 'original');
    await writeInTwoParts(original);
    const [log] = logsOf(original);
    assert.ok(log !== undefined);
    const batches = readBatches(readFileSync(log));
    const cut = Math.floor(batches.length / 2);
    const next = join(original, '999999.log');

    writeFileSync(log, writeBatches(batches.slice(0, cut)));
    writeFileSync(next, writeBatches(batches.slice(cut)));
    const whole = join(folder, 'whole');
    cpSync(original, whole, { recursive: true });
    const untouched = await open(whole);
    assert.equal(untouched.consistentIndex, 3000, 'two logs without a gap are both read');
    assert.equal(await findInconsistency(untouched), undefined);
    await untouched.close();

    writeFileSync(log, writeBatches(batches.slice(0, cut - 1)));
    const raw = join(folder, 'raw');
    cpSync(original, raw, { recursive: true });
    const database = await openDatabase({ path: raw, cacheSizeBytes: 1 << 20 });
    const index = database.getSync(Buffer.from('\x0aconsistent_index'))?.readUInt32BE(4);
    await database.close();
    assert.equal(index, 3000, 'LevelDB itself skips the gap and says nothing');

    const backend = await open(original);
    assert.ok(backend.consistentIndex < 3000);
    assert.equal(await findInconsistency(backend), undefined);
    await backend.close();
    assert.ok(readdirSync(original).includes('999999.log.broken'));
  });

  it('without damage nothing is cut', async (test) => {
    const folder = temporaryFolder(test);
    const path = join(folder, 'backend');
    await writeInTwoParts(path);
    const before = readdirSync(path);
    for (const log of logsOf(path)) copyFileSync(log, `${folder}/log`);
    const bytes = readFileSync(`${folder}/log`);
    assert.equal(followChain(bytes, undefined).end, bytes.length);
    const backend = await open(path);
    assert.equal(backend.consistentIndex, 3000);
    await backend.close();
    assert.ok(!readdirSync(path).some((name) => name.endsWith('.broken')), String(before));
  });
});

/** 1,000 entries synced, 2,000 more only flushed. Small enough for one log file. */
async function writeInTwoParts(path: string): Promise<{ index: number; logBytes: number }> {
  const backend = await open(path);
  for (let index = 1; index <= 1000; index++) applyEntry(backend, index);
  await backend.sync();
  const [log] = logsOf(path);
  assert.ok(log !== undefined);
  const logBytes = readFileSync(log).length;
  for (let index = 1001; index <= 3000; index++) {
    applyEntry(backend, index);
    if (index % 20 === 0) await backend.flush();
  }
  await backend.close();
  assert.equal(logsOf(path).length, 1);
  return { index: 1000, logBytes };
}

/** Pages behind `from` are lost, changed or cut off. */
function damage(log: Buffer, from: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const damaged = Buffer.from(log);
  const at = from + random.below(log.length - from);
  const kind = seed % 4;
  if (kind === 0) return damaged.subarray(0, at);
  if (kind === 1) return damaged.fill(0, at);
  if (kind === 2) {
    const page = Math.ceil(from / 4096) + random.below(Math.floor((log.length - from) / 4096));
    return damaged.fill(0, page * 4096, (page + 1) * 4096);
  }
  damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << random.below(8)), at);
  return damaged;
}

/** LevelDB's log format (doc/log_format.md), as much as the test needs. */
const BLOCK_BYTES = 32768;

function readBatches(log: Buffer): Buffer[] {
  const batches: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let offset = 0; offset < log.length; ) {
    const left = BLOCK_BYTES - (offset % BLOCK_BYTES);
    if (left < 7) {
      offset += left;
      continue;
    }
    const length = log.readUInt16LE(offset + 4);
    const type = log.readUInt8(offset + 6);
    parts.push(log.subarray(offset + 7, offset + 7 + length));
    offset += 7 + length;
    if (type === 2 || type === 3) continue;
    batches.push(Buffer.concat(parts));
    parts = [];
  }
  return batches;
}

function writeBatches(batches: Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let offset = 0;
  const push = (part: Buffer): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const batch of batches) {
    for (let start = 0; start < batch.length; ) {
      const left = BLOCK_BYTES - (offset % BLOCK_BYTES);
      if (left < 7) {
        push(Buffer.alloc(left));
        continue;
      }
      const end = Math.min(batch.length, start + left - 7);
      const type = start === 0 ? (end === batch.length ? 1 : 2) : end === batch.length ? 4 : 3;
      const head = Buffer.alloc(7);
      head.writeUInt16LE(end - start, 4);
      head.writeUInt8(type, 6);
      const data = batch.subarray(start, end);
      const crc = crc32c(data, crc32c(head.subarray(6)));
      head.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0);
      push(head);
      push(data);
      start = end;
    }
  }
  return Buffer.concat(parts);
}
