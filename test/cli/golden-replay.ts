import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal } from '../../src/cli/etcdctl/terminal.js';
import { runEtcdctl } from '../../src/cli/etcdctl.js';
import { ownProgram } from './member.js';

interface GoldenEntry {
  readonly n: number;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stdoutBase64?: string;
  readonly code: number;
  readonly varying?: readonly string[];
}

export interface GoldenSequence {
  readonly flags: readonly string[];
  readonly prepare: readonly { readonly path: string; readonly body: string }[];
  readonly entries: readonly GoldenEntry[];
}

export interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number;
}

/** Runs etcdctl in this process: the same code as the program, without a start each time. */
export async function etcdctl(
  args: readonly string[],
  options: { stdin?: string; environment?: Record<string, string> } = {},
): Promise<Outcome> {
  const chunks: Buffer[] = [];
  let stderr = '';
  async function* input(): AsyncGenerator<Buffer> {
    yield Buffer.from(options.stdin ?? '');
  }
  const terminal: Terminal = {
    stdin: input(),
    write: (bytes) => void chunks.push(Buffer.from(bytes)),
    writeError(text) {
      stderr += text;
    },
    environment: options.environment ?? {},
    showsProgress: false,
    onInterrupt: () => () => {},
  };
  const code = await runEtcdctl(args, terminal);
  return { stdout: Buffer.concat(chunks), stderr, code };
}

/**
 * Entries that are not comparable: 81 is a crash of the recorded program (ours runs the
 * transaction), 187 shows a help page.
 */
const NOT_COMPARABLE = new Set([81, 187]);

/**
 * What a server may not have yet, by the first entry that asks for it: then the entries that need it are
 * left out, and told. A server that has it is held to all of them.
 */
const PARTS = [
  { name: 'adding members', asks: [151], needs: [151, 154, 155] },
  { name: 'downgrades', asks: [195], needs: [195, 196, 197, 198] },
  // From here on it is about users and roles only.
  { name: 'authentication', asks: [215], needs: range(215, 300) },
] as const;

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

const CLIENT = '127.0.0.1:21179';

/** Replaces what is different from run to run. */
function normalize(text: string, entry: GoldenEntry, clientUrl: string): string {
  let normal = text.replaceAll(clientUrl, CLIENT).replace(/took = \S+/g, 'took = <TOOK>');
  normal = normal.replace(/"took":"[^"]*"/g, '"took":"<TOOK>"');
  if (entry.args[1] === 'timetolive') normal = normal.replace(/99\d{3}/g, '<REMAINING>');
  if (entry.args[1] === 'status') {
    // Sizes and raft indexes; with them the widths of a table.
    const isSize = /\d+(?:\.\d+)? [kM]?B|\d+%|"(?:dbSize\w*|raft\w*Index)":\d+/g;
    normal = normal.replace(isSize, '#').replace(/(?<=, 2, )\d+, \d+/g, '#');
    normal = normal.replace(/("(?:DBSize\w*|Raft\w*Index)" : )\d+/g, '$1#');
    normal = normal.replace(/│ +(\d+) (?=│)/g, '│ # ').replace(/─+|[ ]+/g, ' ');
  }
  // The time a probe took sets the width of its column.
  if (entry.args[1] === 'health') normal = normal.replace(/─+|[ ]+/g, ' ');
  if (entry.args[0] === 'defrag') normal = normal.replace(/took \S+/g, 'took <TOOK>');
  const varying = new Set(entry.varying?.map((place) => Number(place.replace(/\D/g, ''))));
  return normal
    .split('\n')
    .map((line, index) => (varying.has(index + 1) ? '<VARIES>' : line))
    .join('\n');
}

function expectation(entry: GoldenEntry): Buffer {
  if (entry.stdoutBase64 === undefined) return Buffer.from(entry.stdout ?? '');
  return Buffer.from(entry.stdoutBase64, 'base64');
}

/** Protobuf output keeps its bytes; a client URL in it has the same length on any port. */
function comparable(stdout: Buffer, entry: GoldenEntry, clientUrl: string): string {
  if (entry.stdoutBase64 === undefined) return normalize(stdout.toString(), entry, clientUrl);
  return stdout.toString('latin1').replaceAll(clientUrl, CLIENT);
}

/** Grants the lease the recording starts with; its id is part of the expectation. */
async function prepare(sequence: GoldenSequence, clientUrl: string): Promise<void> {
  const { Connection } = await import('../../src/cli/etcdctl/connection.js');
  const { LEASE_GRANT } = await import('../../src/cli/etcdctl/methods.js');
  const connection = await Connection.open({
    endpoints: [clientUrl],
    dialTimeoutMs: 2000,
    keepaliveTimeMs: 2000,
    keepaliveTimeoutMs: 6000,
    maxRequestBytes: 0,
    maxReceiveBytes: 0,
    tls: undefined,
  });
  for (const { body } of sequence.prepare) {
    const { TTL, ID } = JSON.parse(body) as { TTL: string; ID: string };
    await connection.unary(LEASE_GRANT, { ttl: Number(TTL), id: BigInt(ID) }, 5000);
  }
  connection.close();
}

/** `lock` gives its terminal to the command it runs: it is run as the program it is. */
async function runEntry(
  args: readonly string[],
  environment: Record<string, string>,
  stdin: string | undefined,
): Promise<Outcome> {
  if (args[0] !== 'lock') {
    return etcdctl(args, { environment, ...(stdin === undefined ? {} : { stdin }) });
  }
  const program = ownProgram('etcdctl');
  const child = spawn(program.file, [...program.arguments, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { stdout: Buffer.concat(chunks), stderr, code: Number(code) };
}

/** Runs the entries in order and tells where stdout or exit code differ, and what the server lacks. */
export async function replaySequence(
  sequence: GoldenSequence,
  clientUrl: string,
): Promise<{ compared: number; differences: string[]; missing: string[] }> {
  await prepare(sequence, clientUrl);
  const differences: string[] = [];
  const missing = new Set<string>();
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-golden-'));
  let compared = 0;
  const environment = { ETCDCTL_ENDPOINTS: clientUrl };
  const isLeftOut = ({ n }: GoldenEntry): boolean =>
    PARTS.some(({ name, needs }) => missing.has(name) && needs.some((needed) => needed === n));
  for (const entry of sequence.entries) {
    if (NOT_COMPARABLE.has(entry.n) || isLeftOut(entry)) continue;
    const args = entry.args.map((word) => word.replace('<DIR>', folder));
    const outcome = await runEntry(args, environment, entry.stdin);
    if (outcome.stderr.includes('code = Unimplemented')) {
      const part = PARTS.find(({ asks }) => asks.some((asked) => asked === entry.n));
      if (part !== undefined) missing.add(part.name);
      if (isLeftOut(entry)) continue;
    }
    const actual = comparable(outcome.stdout, entry, clientUrl).replaceAll(folder, '<DIR>');
    const expected = comparable(expectation(entry), entry, clientUrl);
    compared++;
    if (actual !== expected || outcome.code !== entry.code) {
      const what = `${entry.n} etcdctl ${entry.args.join(' ')}`;
      const detail = { expected, actual, code: [entry.code, outcome.code], stderr: outcome.stderr };
      differences.push(`${what}: ${JSON.stringify(detail)}`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return { compared, differences, missing: [...missing] };
}
