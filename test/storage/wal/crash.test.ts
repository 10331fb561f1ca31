/** The log of a process that was killed while it wrote. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemRandom } from '../../../src/base/random.js';
import { nodeDisk, readLog, walExists } from '../../../src/storage/wal/index.js';
import { temporaryFolder } from '../../support/folders.js';

const WRITER = fileURLToPath(new URL('./writer-child.js', import.meta.url));

it('every acknowledged entry is there after a kill, over segments and restarts', async (test) => {
  const directory = join(temporaryFolder(test), 'wal');
  let acknowledged = 0;
  for (let round = 0; round < 8; round++) {
    acknowledged = Math.max(acknowledged, await runAndKill(directory, systemRandom.below(200)));
    if (!(await walExists(nodeDisk, directory))) continue;
    const { entries, hardState } = await readLog(nodeDisk, directory);
    assert.ok(entries.length >= acknowledged, `${entries.length} of ${acknowledged}`);
    for (const [position, { index, data }] of entries.entries()) {
      assert.equal(index, position + 1);
      assert.ok(Buffer.alloc((index * 31) % 900, index).equals(data));
    }
    assert.ok(hardState.commit <= entries.length);
  }
  assert.ok(acknowledged > 0);
});

/** Resolves to the last index that the writer told as acknowledged. */
async function runAndKill(directory: string, runMs: number): Promise<number> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [WRITER, directory], { stdio: [...stdio] });
  let output = '';
  const started = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      resolve();
    });
  });
  const closed = once(child, 'close');
  await Promise.race([started, closed]);
  await new Promise((resolve) => setTimeout(resolve, runMs));
  child.kill('SIGKILL');
  await closed;
  const told = [...output.matchAll(/^acknowledged (\d+)$/gm)].map((match) => Number(match[1]));
  return Math.max(0, ...told);
}
