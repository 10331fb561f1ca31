/** Appends to the log in `argv[2]` until it is killed; tells which entries are acknowledged. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { createWal, nodeDisk, openWal, walExists } from '../../../src/storage/wal/index.js';

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: writer-child <folder>');
const options = { directory, segmentSizeBytes: 64 * 1024 };
const dependencies = { disk: nodeDisk, clock: systemClock, logger: silentLogger };

let last = 0;
let wal: Awaited<ReturnType<typeof createWal>>;
if (await walExists(nodeDisk, directory)) {
  const opened = await openWal(options, dependencies);
  wal = opened.wal;
  last = opened.entries.length;
} else {
  wal = await createWal(options, dependencies, Buffer.from('metadata'));
}
writeSync(1, `acknowledged ${last}\n`);

let waiting = 0;
function appendMore(): void {
  while (waiting < 3) {
    const count = 1 + (last % 7);
    const entries = Array.from({ length: count }, (_, position) => {
      const index = last + position + 1;
      return { type: 0, term: 1, index, data: Buffer.alloc((index * 31) % 900, index) };
    });
    last += count;
    const acknowledged = last;
    waiting++;
    wal.append({ term: 1, vote: 7n, commit: acknowledged - count }, entries, (error) => {
      if (error !== null) throw error;
      waiting--;
      // Written at once: what the pipe has, the killed process had acknowledged.
      writeSync(1, `acknowledged ${acknowledged}\n`);
      setImmediate(appendMore);
    });
  }
}
appendMore();
