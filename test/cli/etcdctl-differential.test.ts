/**
 * Our etcdctl and a stock one, side by side: the same command lines, the same servers, in every output
 * format; stdout, exit code and what stays the same of stderr must be equal.
 *
 * By default one format a line, in turn; with KVORUM_TEST_LONG=1 all. The stock program is Debian's (3.4)
 * and, if KVORUM_ETCD_RELEASE names a folder with one, a newer one, too.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommand } from '../support/command.js';
import { findOnPath, missingProgramNotice } from '../support/programs.js';
import { asOldRelease, type Outcome } from './etcdctl-differences.js';
import { LINES, type Line } from './etcdctl-table.js';
import { etcdctl } from './golden-replay.js';
import { type RunningMember, startMember } from './member.js';

const FORMATS = ['simple', 'json', 'fields', 'protobuf', 'table'] as const;
const IS_LONG = process.env.KVORUM_TEST_LONG === '1';
/** Etcd's client derives the ids from this: members that advertise the same are alike. */
const FLAGS = [
  '--name=m1',
  '--data-dir=<DIR>/data',
  '--initial-cluster=m1=http://127.0.0.1:21180',
  '--initial-advertise-peer-urls=http://127.0.0.1:21180',
];

/** What differs from run to run, or from member to member, by what it is. */
function normalize(text: string, line: Line, member: RunningMember): string {
  let normal = text
    .replaceAll(member.clientUrl, '<CLIENT>')
    .replace(/took = \S+/g, 'took = <TOOK>')
    .replace(/took [0-9.]+[a-zµ]+/g, 'took <TOOK>')
    .replace(/"took":"[^"]*"/g, '"took":"<TOOK>"')
    .replace(/"Took" : \S+/g, '"Took" : <TOOK>');
  const [word, second] = line.args;
  if (word === 'lease') normal = normal.replace(/(remaining\(|"ttl":|"TTL" : )\d+/g, '$1<TTL>');
  if (word === 'endpoint' && second !== 'hashkv') {
    const sizes = /\d+(?:\.\d+)? [kM]?B|\d+%|"(?:dbSize\w*|raft\w*Index)":\d+/g;
    normal = normal.replace(sizes, '#').replace(/("(?:DBSize\w*|Raft\w*Index)" : )\d+/g, '$1#');
    normal = normal
      .replace(/[0-9.]+[mµ]?s\b/g, '#')
      .replace(/\b\d+\b/g, '#')
      .replace(/[─-]{2,}| +/g, ' ');
  }
  return normal;
}

/** The client's log has time stamps; what usage says is every program's own. */
function withoutLog(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !/^\{"level"|^\d{4}-\d\d-\d\d[T ]/.test(line));
  const usage = lines.findIndex((line) => line.startsWith('Usage:'));
  return (usage < 0 ? lines : lines.slice(0, usage)).join('\n').trim();
}

class Stock {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async run(line: Line, format: string, member: RunningMember): Promise<Outcome> {
    const environment = { ETCDCTL_ENDPOINTS: member.clientUrl, ETCDCTL_API: '3' };
    const stdin = line.stdin === undefined ? {} : { stdin: line.stdin };
    const args = [...line.args, ...formatArguments(line, format)];
    const { stdout, stderr, exitCode } = await runCommand(this.#path, args, {
      environment,
      ...stdin,
    });
    return {
      stdout: normalize(stdout, line, member),
      stderr: normalize(withoutLog(stderr), line, member),
      code: exitCode,
    };
  }
}

/** What follows `--` is not for etcdctl. */
const formatArguments = (line: Line, format: string): string[] =>
  line.args.includes('--') ? [] : ['-w', format];

async function runOwn(line: Line, format: string, member: RunningMember): Promise<Outcome> {
  const stdin = line.stdin === undefined ? {} : { stdin: line.stdin };
  const environment = { ETCDCTL_ENDPOINTS: member.clientUrl };
  const args = [...line.args, ...formatArguments(line, format)];
  const outcome = await etcdctl(args, { environment, ...stdin });
  return {
    stdout: normalize(outcome.stdout.toString(), line, member),
    stderr: normalize(withoutLog(outcome.stderr), line, member),
    code: outcome.code,
  };
}

async function grantLease(member: RunningMember): Promise<void> {
  const { EtcdClient } = await import('../support/etcd-client.js');
  const { Lease } = await import('../../src/proto/generated/etcdserverpb.js');
  const client = new EtcdClient(member.clientUrl);
  await client.call(Lease.methods.leaseGrant, { id: 77n, ttl: 99_999 });
  client.close();
}

/** Runs the table; tells the differences that no list knows. */
async function compare(t: TestContext, path: string, release: '3.4' | 'newer'): Promise<void> {
  const stock = new Stock(path);
  const members = await Promise.all([startMember(FLAGS), startMember(FLAGS)]);
  const [ours, theirs] = members;
  assert.ok(ours !== undefined && theirs !== undefined);
  t.after(() => Promise.all([ours.stop(), theirs.stop()]));
  await Promise.all([grantLease(ours), grantLease(theirs)]);
  const differences: string[] = [];
  let compared = 0;
  let leftOut = 0;
  const lines = LINES.filter(({ isNew }) => release === 'newer' || isNew !== true);
  for (const [index, line] of lines.entries()) {
    const formats = IS_LONG ? FORMATS : [FORMATS[index % FORMATS.length] ?? 'simple'];
    for (const format of formats) {
      const [own, other] = await Promise.all([
        runOwn(line, format, ours),
        stock.run(line, format, line.isWrite ? theirs : ours),
      ]);
      const run = { ...own, line: line.args.join(' '), format };
      const expected = release === 'newer' ? own : asOldRelease(run);
      if (expected === undefined) {
        leftOut++;
        continue;
      }
      compared++;
      if (isSame(expected, other)) continue;
      differences.push(JSON.stringify({ line: run.line, format, own: expected, other }));
    }
  }
  t.diagnostic(`${lines.length} lines, ${compared} runs compared, ${leftOut} left out`);
  assert.ok(differences.length === 0, differences.join('\n'));
}

const isSame = (a: Outcome, b: Outcome): boolean =>
  a.stdout === b.stdout && a.code === b.code && a.stderr === b.stderr;

test('etcdctl does what the etcdctl of Debian does', { timeout: 300_000 }, async (t) => {
  const path = findOnPath('etcdctl');
  if (path === undefined) return t.skip(missingProgramNotice('etcdctl'));
  await compare(t, path, '3.4');
});

test('etcdctl does what a newer etcdctl does', { timeout: 300_000 }, async (t) => {
  const folder = process.env.KVORUM_ETCD_RELEASE;
  const path = folder === undefined ? undefined : join(folder, 'etcdctl');
  if (path === undefined || !existsSync(path)) {
    return t.skip('KVORUM_ETCD_RELEASE names no folder with an etcdctl, 3.6 or later');
  }
  await compare(t, path, 'newer');
});
