/** Applies entries to the store in `argv[2]` until it is killed; tells which are synced. */
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Backend } from '../../../src/storage/backend/index.js';
import { applyEntry } from './entries.js';

const path = process.argv[2];
if (path === undefined) throw new Error('usage: writer-child <folder>');
const backend = await Backend.open(
  { path, batchIntervalMs: 3, batchLimit: 500, maxUnflushedBytes: 1 << 20 },
  { clock: systemClock, logger: silentLogger },
);
process.stdout.write(`open ${backend.consistentIndex}\n`);
for (let index = backend.consistentIndex + 1; ; index++) {
  applyEntry(backend, index);
  if (backend.isFull) await backend.whenNotFull();
  if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  if (index % 1000 === 0) {
    await backend.flush();
    process.stdout.write(`flushed ${index}\n`);
  }
}
