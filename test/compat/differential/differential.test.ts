import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Program as Executable,
  etcdVersion,
  missingProgramNotice,
  oracleServer,
  serverUnderTest,
} from '../../support/programs.js';
import { generateProgram, type Theme } from './generate.js';
import { capabilitiesOf } from './known-differences.js';
import { PRESENT_THEMES } from './not-yet.js';
import { oracleTimedOut, ServerEndedError, ServerPair } from './pair.js';
import type { Program } from './program.js';
import { type Finding, runOnFreshPair, shrink } from './shrink.js';

const isLong = process.env.KVORUM_TEST_LONG === '1';
const FIRST_SEED = Number(process.env.KVORUM_TEST_SEED ?? '1');
const PROGRAMS = Number(process.env.KVORUM_DIFFERENTIAL_PROGRAMS ?? (isLong ? '2500' : '240'));
/** Themes to run, separated by commas; default: what the server has. */
const THEMES_GIVEN = process.env.KVORUM_DIFFERENTIAL_THEMES?.split(',') as Theme[] | undefined;
/** A file with one program, to be run instead. */
const PROGRAM_FILE = process.env.KVORUM_DIFFERENTIAL_PROGRAM;
/** After that many failing programs the run ends; each costs a new pair and its shrinking. */
const MAXIMUM_FINDINGS = Number(process.env.KVORUM_DIFFERENTIAL_FINDINGS ?? '1');
const SHRINK_ATTEMPTS = 40;

test('random programs get the same answers as from a real etcd', async (context) => {
  const oracle = oracleServer();
  if (oracle === undefined) return context.skip(missingProgramNotice('etcd'));
  const tested = serverUnderTest();
  const findings =
    PROGRAM_FILE === undefined
      ? await runPrograms(tested, oracle, (notice) => context.diagnostic(notice))
      : await runFile(tested, oracle, PROGRAM_FILE);
  assert.equal(findings.length, 0, findings.map(describe).join('\n\n'));
});

async function runFile(tested: Executable, oracle: Executable, path: string): Promise<Finding[]> {
  const program = JSON.parse(readFileSync(path, 'utf8')) as Program;
  const finding = await runOnFreshPair(tested, oracle, program);
  return finding === undefined ? [] : [finding];
}

/**
 * All programs one after the other on one pair; after a difference on a new pair. A program that the
 * oracle did not answer in time says nothing, if it has no difference when it is run once more alone.
 */
async function runPrograms(
  tested: Executable,
  oracle: Executable,
  notify: (notice: string) => void,
): Promise<Finding[]> {
  const capabilities = capabilitiesOf(etcdVersion(tested), etcdVersion(oracle));
  const findings: Finding[] = [];
  let pair = await ServerPair.start(tested, oracle);
  try {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed++) {
      const program = generateProgram(seed, capabilities, THEMES_GIVEN ?? PRESENT_THEMES);
      const difference = await runOnPair(pair, program);
      if (difference === undefined) continue;
      await pair.close();
      const alone = await shrink(tested, oracle, program, SHRINK_ATTEMPTS);
      if (alone === undefined && oracleTimedOut(difference)) {
        notify(`seed ${seed}: run again, because the oracle did not answer in time`);
      } else {
        findings.push(alone ?? { program, difference });
      }
      if (findings.length >= MAXIMUM_FINDINGS) break;
      pair = await ServerPair.start(tested, oracle);
    }
  } finally {
    await pair.close();
  }
  return findings;
}

async function runOnPair(
  pair: ServerPair,
  program: Program,
): Promise<Finding['difference'] | undefined> {
  try {
    return await pair.run(program);
  } catch (error) {
    if (error instanceof ServerEndedError) return error.message;
    throw error;
  }
}

function describe({ program, difference }: Finding): string {
  const path = join(tmpdir(), `kvorum-differential-${program.seed}.json`);
  writeFileSync(path, JSON.stringify(program));
  const head = `seed ${program.seed}, theme ${program.theme}; again: KVORUM_DIFFERENTIAL_PROGRAM=${path}`;
  const steps = program.steps.map((step) => `  ${JSON.stringify(step)}`).join('\n');
  if (typeof difference === 'string') return `${head}\n${steps}\n${difference}`;
  return [
    head,
    `lockstep: ${program.lockstep}; steps:`,
    steps,
    `at step ${difference.position}: ${JSON.stringify(difference.step)}`,
    `tested:   ${JSON.stringify(difference.tested)}`,
    `expected: ${JSON.stringify(difference.expected)}`,
  ].join('\n');
}
