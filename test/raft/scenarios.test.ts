import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { confChangeRunner } from './support/confchange-commands.js';
import { type Block, comparable, parseBlocks } from './support/datadriven.js';
import { interactionRunner } from './support/interaction-commands.js';
import { runQuorumBlock } from './support/quorum-commands.js';

/**
 * Runs scenario files of the etcd-io/raft project, which are not part of this repository: an
 * independent statement of how such a core behaves. KVORUM_RAFT_TESTDATA names their folder, with
 * any of the sub-folders below; `testdata` is what that project calls its own interaction folder.
 */

type Runner = (block: Block) => string;

const KINDS: Readonly<Record<string, () => Runner>> = {
  quorum: () => runQuorumBlock,
  'quorum/testdata': () => runQuorumBlock,
  confchange: confChangeRunner,
  'confchange/testdata': confChangeRunner,
  interaction: interactionRunner,
  testdata: interactionRunner,
};

/** The folder above that holds package.json: compiled tests lie deeper than their sources. */
function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const folder = resolve(
  process.env.KVORUM_RAFT_TESTDATA ?? join(repositoryRoot(), '..', 'shared', 'raft-testdata'),
);

function scenarioFiles(kind: string): string[] {
  const path = join(folder, kind);
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => name.endsWith('.txt'));
  return names.sort().map((name) => join(path, name));
}

function runFile(path: string, runner: Runner): void {
  const blocks = parseBlocks(readFileSync(path, 'utf8'));
  assert.ok(blocks.length > 0, `${path} holds no scenario`);
  for (const block of blocks) {
    const where = `${path}:${block.line}: ${block.command}`;
    assert.equal(comparable(runner(block)), comparable(block.expected), where);
  }
}

let found = 0;
for (const [kind, newRunner] of Object.entries(KINDS)) {
  for (const path of scenarioFiles(kind)) {
    found++;
    test(path.slice(folder.length + 1), () => runFile(path, newRunner()));
  }
}
if (found === 0) {
  const reason = `no scenario files in ${folder}: set KVORUM_RAFT_TESTDATA`;
  test('raft scenarios', { skip: reason }, () => {});
}
