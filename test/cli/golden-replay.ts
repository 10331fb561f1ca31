import { COMMANDS } from '../../src/cli/etcdctl/registry.js';
import type { Terminal } from '../../src/cli/etcdctl/session.js';
import { runEtcdctl } from '../../src/cli/etcdctl.js';

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
 * Our server cannot add members yet: then 151 fails, and the lists after it lack the new one. A
 * server that can is held to all of them.
 */
const ADDS_A_MEMBER = 151;
const SHOW_THE_ADDED_MEMBER = new Set([154, 155]);

/** From here on locks, elections and users come in, which have no commands of ours yet. */
const FIRST_UNSUPPORTED = 204;

function isSupported({ n, args }: GoldenEntry): boolean {
  const name = args.find((word) => !word.startsWith('-')) ?? '';
  const isKnown = name in COMMANDS || name === 'nosuch' || args[0] === '--nosuch';
  return isKnown && (n < FIRST_UNSUPPORTED || n === 211) && !NOT_COMPARABLE.has(n);
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
    certFile: '',
    keyFile: '',
    caFile: '',
    insecureTransport: true,
    insecureSkipVerify: false,
  });
  for (const { body } of sequence.prepare) {
    const { TTL, ID } = JSON.parse(body) as { TTL: string; ID: string };
    await connection.unary(LEASE_GRANT, { ttl: Number(TTL), id: BigInt(ID) }, 5000);
  }
  connection.close();
}

/** Runs the supported entries in order and tells where stdout or exit code differ. */
export async function replaySequence(
  sequence: GoldenSequence,
  clientUrl: string,
): Promise<{ compared: number; differences: string[]; skipped: number[] }> {
  await prepare(sequence, clientUrl);
  const differences: string[] = [];
  const skipped: number[] = [];
  let compared = 0;
  let canAddMembers = true;
  const environment = { ETCDCTL_ENDPOINTS: clientUrl };
  for (const entry of sequence.entries) {
    if (!isSupported(entry)) {
      skipped.push(entry.n);
      continue;
    }
    const stdin = entry.stdin === undefined ? {} : { stdin: entry.stdin };
    const outcome = await etcdctl(entry.args, { environment, ...stdin });
    const actual = comparable(outcome.stdout, entry, clientUrl);
    const expected = comparable(expectation(entry), entry, clientUrl);
    const isSame = actual === expected;
    if (entry.n === ADDS_A_MEMBER && outcome.stderr.includes('code = Unimplemented')) {
      canAddMembers = false;
    }
    if (!canAddMembers && (entry.n === ADDS_A_MEMBER || SHOW_THE_ADDED_MEMBER.has(entry.n))) {
      skipped.push(entry.n);
      continue;
    }
    compared++;
    if (!isSame || outcome.code !== entry.code) {
      const what = `${entry.n} etcdctl ${entry.args.join(' ')}`;
      const detail = { expected, actual, code: [entry.code, outcome.code], stderr: outcome.stderr };
      differences.push(`${what}: ${JSON.stringify(detail)}`);
    }
  }
  return { compared, differences, skipped };
}
