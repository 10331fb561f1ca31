/**
 * Damaged logs under a whole member. A member that lost the end of its log serves what was before the
 * damage, or says what is wrong and ends; nothing else is ever served.
 */
import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { CleanupList } from '../support/cleanup.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { type Member, startMember } from '../support/member.js';
import { copyDataFolder, type Frame, framesOf, lastWalFile } from './support/data-folder.js';
import { Dice } from './support/dice.js';
import { countKnownContent, type KnownWrite, writeKnownContent } from './support/known-content.js';
import { memberOn } from './support/members.js';
import { type StartOutcome, startOutcome } from './support/start-outcome.js';

const isLong = process.env.KVORUM_TEST_LONG === '1';
const SEED = Number(process.env.KVORUM_TEST_SEED ?? Date.now() % 1_000_000);
const CASES_OF_A_KIND = Number(process.env.KVORUM_TEST_CASES ?? (isLong ? '12' : '1'));
const WRITES = 120;
const SECTOR_BYTES = 512;
const FRAME_BYTES = 8;
/** With it the backend lags as far as it can: the log alone holds the content. */
const LAGGING_BACKEND = ['--backend-batch-interval=1h', '--backend-batch-limit=1000000'];

/** A data directory with known content. */
interface Content {
  readonly folder: string;
  readonly writes: readonly KnownWrite[];
  /** The log file up to its last record. */
  readonly bytes: Buffer;
  readonly frames: readonly Frame[];
}

/** Changes the log file; returns the offset of the first byte that is not as it was. */
type Damage = (path: string, content: Content, dice: Dice) => number;

const suite = new CleanupList();
after(() => suite.run());

async function makeContent(flags: readonly string[], end: 'kill' | 'stop'): Promise<Content> {
  const folder = join(temporaryFolder(suite), 'data');
  const member = await startMember(suite, { dataFolder: folder, flags });
  const writes = await writeKnownContent(member.clientAddress, WRITES, new Dice(SEED));
  await member[end]();
  const bytes = readFileSync(lastWalFile(folder));
  const frames = framesOf(bytes);
  return { folder, writes, bytes: bytes.subarray(0, frames.at(-1)?.end ?? 0), frames };
}

/** How many writes lie before an offset of the log, wholly. */
function writesBefore({ bytes, frames, writes }: Content, offset: number): number {
  const last = frames.findLast((frame) => frame.end <= offset);
  const whole = bytes.subarray(0, last?.end ?? 0);
  return writes.findLast(({ token }) => whole.includes(`${token}:`))?.number ?? 0;
}

const someFrame = ({ frames }: Content, dice: Dice): Frame =>
  frames[dice.between(Math.floor(frames.length / 2), frames.length - 1)] ?? { start: 0, end: 0 };

const lastFrames = ({ frames }: Content, dice: Dice): Frame =>
  frames[frames.length - dice.between(1, 4)] ?? { start: 0, end: 0 };

function cut(path: string, content: Content, offset: number): number {
  truncateSync(path, offset);
  return Math.min(offset, content.bytes.length);
}

/** Writes zeros over [from, to) and finds the first byte that this changed. */
function zero(path: string, { bytes }: Content, from: number, to: number): number {
  const file = readFileSync(path);
  file.fill(0, from, to);
  writeFileSync(path, file);
  const changed = bytes.subarray(from, to).findIndex((byte) => byte !== 0);
  return changed === -1 ? bytes.length : from + changed;
}

function flip(path: string, from: number, to: number, dice: Dice): number {
  const file = readFileSync(path);
  const offset = dice.between(from, to - 1);
  file[offset] = (file[offset] ?? 0) ^ (1 << dice.below(8));
  writeFileSync(path, file);
  return offset;
}

/** What can be repaired: after it the member must serve. */
const TORN: Readonly<Record<string, Damage>> = {
  'cut within the last records': (path, content, dice) => {
    const { start, end } = lastFrames(content, dice);
    return cut(path, content, dice.between(start, end - 1));
  },
  'cut within the length of a record': (path, content, dice) =>
    cut(path, content, lastFrames(content, dice).start + dice.between(1, FRAME_BYTES - 1)),
  'cut anywhere in its second half': (path, content, dice) => {
    const { start, end } = someFrame(content, dice);
    return cut(path, content, dice.between(start, end));
  },
  'zeros from the start of a record on': (path, content, dice) =>
    zero(path, content, lastFrames(content, dice).start, content.bytes.length),
};

/** What may be repaired or refused, depending on where it falls. */
const DAMAGED: Readonly<Record<string, Damage>> = {
  'zeros from anywhere to the end': (path, content, dice) => {
    const { start, end } = someFrame(content, dice);
    return zero(path, content, dice.between(start, end), content.bytes.length);
  },
  'a sector of zeros near the end': (path, content, dice) => {
    const sector = Math.floor(content.bytes.length / SECTOR_BYTES) - dice.below(4);
    return zero(path, content, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
  },
  'a sector of zeros in the middle': (path, content, dice) => {
    const sector = dice.between(1, Math.floor(content.bytes.length / SECTOR_BYTES));
    return zero(path, content, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
  },
  'a flipped bit in the last records': (path, content, dice) => {
    const { start, end } = lastFrames(content, dice);
    return flip(path, start, end, dice);
  },
  'a flipped bit in the length of a record': (path, content, dice) => {
    const { start } = someFrame(content, dice);
    return flip(path, start, start + FRAME_BYTES, dice);
  },
  'a flipped bit anywhere': (path, content, dice) => flip(path, 0, content.bytes.length, dice),
  'garbage behind the last record': (path, { bytes }, dice) => {
    const file = readFileSync(path);
    dice.bytes(dice.between(1, 2000)).copy(file, bytes.length);
    writeFileSync(path, file);
    return bytes.length;
  },
};

describe(`a damaged log (again with KVORUM_TEST_SEED=${SEED})`, () => {
  let onlyInLog: Content;
  let inBackend: Content;

  before(async () => {
    onlyInLog = await makeContent(LAGGING_BACKEND, 'kill');
    inBackend = await makeContent([], 'stop');
  });

  for (const [name, damage] of Object.entries(TORN)) {
    test(`${name}: all before it is served`, (context) =>
      forCases(name, async (dice) => {
        const { outcome, member, durable } = await startDamaged(context, onlyInLog, damage, dice);
        assert.equal(outcome, 'serves', JSON.stringify(outcome));
        await verifyServed(member, onlyInLog, durable);
        await verifyGoesOn(member, onlyInLog);
      }));
  }

  for (const [name, damage] of Object.entries(DAMAGED)) {
    test(`${name}: all before it is served, or nothing`, (context) =>
      forCases(name, async (dice) => {
        const { outcome, member, durable } = await startDamaged(context, onlyInLog, damage, dice);
        if (outcome === 'serves') await verifyServed(member, onlyInLog, durable);
        else requireNamesLog(outcome, member);
      }));
  }

  for (const [name, damage] of Object.entries({ ...TORN, ...DAMAGED })) {
    test(`${name}, when the backend has everything: served whole, or not at all`, (context) =>
      forCases(name, async (dice) => {
        const { outcome, member } = await startDamaged(context, inBackend, damage, dice);
        if (outcome === 'serves') await verifyServed(member, inBackend, WRITES);
        else requireNamesLog(outcome, member);
      }));
  }

  test('a log that lost everything beside a full backend is refused, again and again', async (context) => {
    const lost: Damage = (path, content) => cut(path, content, 0);
    const { outcome, member } = await startDamaged(context, inBackend, lost, new Dice(SEED));
    requireNamesLog(outcome, member);
    requireNamesLog(await startOutcome(member), member);
  });
});

async function forCases(name: string, run: (dice: Dice) => Promise<void>): Promise<void> {
  for (let index = 0; index < CASES_OF_A_KIND; index++) {
    const seed = SEED + index * 1000 + name.length;
    try {
      await run(new Dice(seed));
    } catch (error) {
      throw new Error(`case ${index} of "${name}", KVORUM_TEST_SEED=${SEED}`, { cause: error });
    }
  }
}

interface DamagedStart {
  readonly outcome: StartOutcome;
  readonly member: Member;
  /** So many writes lay wholly before the damage. */
  readonly durable: number;
}

async function startDamaged(
  context: TestContext,
  content: Content,
  damage: Damage,
  dice: Dice,
): Promise<DamagedStart> {
  const folder = join(temporaryFolder(context), 'data');
  copyDataFolder(content.folder, folder);
  const offset = damage(lastWalFile(folder), content, dice);
  const member = await memberOn(context, folder);
  const outcome = await startOutcome(member);
  return { outcome, member, durable: writesBefore(content, offset) };
}

/** What is served is a part of what was written. */
async function verifyServed(member: Member, content: Content, durable: number): Promise<void> {
  const served = await countKnownContent(member, content.writes);
  assert.ok(served >= durable, `${served} writes are served, ${durable} were before the damage`);
}

/** A further crash changes nothing, and new writes go behind what was saved. */
async function verifyGoesOn(member: Member, content: Content): Promise<void> {
  const served = await countKnownContent(member, content.writes);
  await member.kill();
  await member.start();
  assert.equal(await countKnownContent(member, content.writes), served);
  const client = new EtcdClient(member.clientAddress);
  assert.equal(await client.put('after', 'the damage'), served + 2);
  client.close();
}

function requireNamesLog(outcome: StartOutcome, member: Member): void {
  assert.ok(outcome !== 'serves', 'the member serves');
  assert.ok(outcome.refusal.includes(member.dataFolder), `no file is named: ${outcome.refusal}`);
}
