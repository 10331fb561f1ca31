/** `bin/etcdctl` as one file, made by scripts/bundle-programs.mjs. */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import type { Script } from 'node:vm';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { repositoryRoot } from '../support/repository.js';
import { etcdctl } from './golden-replay.js';

const { compile } = createRequire(import.meta.url)(join(repositoryRoot, 'bin', 'bundled.cjs')) as {
  compile(name: string): Script;
};

test('what was compiled when the program was built is taken', () => {
  assert.equal(compile('etcdctl').cachedDataRejected, false);
});

test('without it the program does the same', async (t) => {
  const folder = temporaryFolder(t);
  for (const part of ['package.json', 'bin', 'dist/programs']) {
    cpSync(join(repositoryRoot, part), join(folder, part), { recursive: true });
  }
  rmSync(join(folder, 'dist/programs/etcdctl.cjs.cache'));
  for (const args of [['version'], ['help', 'get'], ['nosuch'], ['check', 'perf', '--load=bad']]) {
    const expected = await etcdctl(args);
    for (const root of [folder, repositoryRoot]) {
      const actual = await runCommand(join(root, 'bin', 'etcdctl'), args);
      assert.equal(actual.stdout, expected.stdout.toString());
      assert.equal(actual.stderr, expected.stderr);
      assert.equal(actual.exitCode, expected.code);
    }
  }
});
