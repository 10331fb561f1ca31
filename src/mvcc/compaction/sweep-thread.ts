/**
 * The thread of a sweep: reads the tables beside LevelDB, hashes, and tells its owner what to remove.
 * It writes nothing itself, so that all writes have one order.
 */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { visitFolder } from '../../storage/backend/tablereader.js';
import { encodeMainRevision } from '../revision-key.js';
import { KeptRevisions } from './kept-revisions.js';
import { Sweep } from './sweep.js';
import {
  RemovalList,
  type SweepAnswer,
  type SweepMessage,
  type SweepTask,
} from './sweep-messages.js';

/** "Below normal" of node:os. */
const PRIORITY = 10;

if (parentPort === null) throw new Error('mvcc: the sweep runs in a thread of its own');
const owner = parentPort;
const { folder, previous, revision, kept, batchLimit, sleepIntervalMs } = workerData as SweepTask;

function tell(message: SweepMessage, transfer: ArrayBuffer[]): void {
  owner.postMessage(message, transfer);
}

class Ended extends Error {}

/** Resolves when the owner has taken the removals; also without any it is asked whether to go on. */
async function hand(removals: RemovalList, lookedAt: number): Promise<void> {
  const taken = removals.take();
  const answered = new Promise<SweepAnswer>((resolve) => owner.once('message', resolve));
  tell({ removals: taken, lookedAt }, [taken.keys.buffer, taken.sizes.buffer]);
  if (!(await answered)) throw new Ended();
}

async function run(): Promise<void> {
  const sweep = new Sweep({ previous, revision }, new KeptRevisions(kept));
  const removals = new RemovalList();
  let lookedAt = 0;
  await visitFolder(
    folder,
    'key',
    { lt: encodeMainRevision(revision + 1) },
    (key, source, start, end) => {
      lookedAt++;
      if (sweep.look(key, source, start, end)) removals.add(key, end - start);
    },
    async () => {
      const restMs = (lookedAt * sleepIntervalMs) / batchLimit;
      const handed = hand(removals, lookedAt);
      lookedAt = 0;
      await Promise.all([handed, setTimeout(restMs)]);
    },
  );
  await hand(removals, lookedAt);
  tell({ hash: sweep.hash }, []);
}

/** Whoever serves requests goes first: Linux keeps a priority for each thread. */
function giveWay(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, PRIORITY);
  } catch {
    // Elsewhere it has the priority of all.
  }
}

giveWay();
try {
  await run();
} catch (error) {
  if (!(error instanceof Ended)) throw error;
} finally {
  owner.close();
}
