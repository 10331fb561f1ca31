import { randomBytes } from 'node:crypto';
import type { Command, CommandGroup, Invocation } from './command.js';
import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { type LoadReport, runLoad } from './load.js';
import { COMPACT, DEFRAGMENT, DELETE_RANGE, RANGE } from './methods.js';
import { booleanOption, type OptionSpec, textOption } from './options.js';
import { ProgressBar } from './progress-bar.js';
import { prefixEnd } from './ranges.js';
import { residentBytes } from './resident-memory.js';
import type { Session } from './session.js';

const CLEAN_UP_TIMEOUT_MS = 30_000;
const PERF_SECONDS = 60;
const PERF_KEY_BYTES = 256;
const PERF_VALUE_BYTES = 1024;
const DATASCALE_KEY_BYTES = 512;
const DATASCALE_VALUE_BYTES = 512;
/** The slowest write, and the spread, that still pass. */
const MAX_SLOWEST_SECONDS = 0.5;
const MAX_DEVIATION_SECONDS = 0.1;

const WORKLOADS: Readonly<Record<string, 's' | 'm' | 'l' | 'xl'>> = {
  s: 's',
  small: 's',
  m: 'm',
  medium: 'm',
  l: 'l',
  large: 'l',
  xl: 'xl',
  xLarge: 'xl',
};

const PERF = {
  s: { writesPerSecond: 150, clients: 50 },
  m: { writesPerSecond: 1000, clients: 200 },
  l: { writesPerSecond: 8000, clients: 500 },
  xl: { writesPerSecond: 15_000, clients: 1000 },
};

const DATASCALE = {
  s: { keys: 10_000, clients: 50 },
  m: { keys: 100_000, clients: 200 },
  l: { keys: 1_000_000, clients: 500 },
  xl: { keys: 3_000_000, clients: 1000 },
};

function workload(invocation: Invocation): 's' | 'm' | 'l' | 'xl' {
  const load = invocation.options.text('load');
  const found = WORKLOADS[load];
  if (found !== undefined) return found;
  throw new CommandError(EXIT.badFeature, `unknown load option ${load}`);
}

function commonOptions(prefix: string): readonly OptionSpec[] {
  return [
    textOption('load', 's', 's(mall), m(edium), l(arge) or xl (xLarge)'),
    textOption('prefix', prefix, 'where the keys are written'),
    booleanOption('auto-compact', 'compact the history afterwards'),
    booleanOption('auto-defrag', 'give the disk space back afterwards'),
  ];
}

/** The keys of a check, which are removed afterwards. */
class CheckedRange {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #invocation: Invocation;

  constructor(session: Session, connection: Connection, invocation: Invocation) {
    this.#session = session;
    this.#connection = connection;
    this.#invocation = invocation;
    this.#prefix = invocation.options.text('prefix');
  }

  #range() {
    const key = Buffer.from(this.#prefix);
    return { key, rangeEnd: prefixEnd(key) };
  }

  /** @throws CommandError if somebody's keys would be lost */
  async mustBeEmpty(): Promise<void> {
    const { kvs } = await this.#connection.unary(RANGE, { ...this.#range(), limit: 1 });
    if (kvs.length === 0) return;
    const advice = `Delete with 'etcdctl del --prefix ${this.#prefix}' first`;
    const message = `prefix ${JSON.stringify(this.#prefix)} has keys. ${advice}`;
    throw new CommandError(EXIT.invalidInput, message);
  }

  newKey(sizeBytes: number): Buffer {
    return Buffer.concat([Buffer.from(this.#prefix), randomBytes(8), Buffer.alloc(sizeBytes - 8)]);
  }

  async remove(): Promise<void> {
    const { terminal } = this.#session;
    const { options } = this.#invocation;
    const timeoutMs = CLEAN_UP_TIMEOUT_MS;
    const { header } = await this.#connection.unary(DELETE_RANGE, this.#range(), timeoutMs);
    if (options.boolean('auto-compact')) {
      const revision = header?.revision ?? 0;
      terminal.write(`Compacting with revision ${revision}\n`);
      await this.#connection.unary(COMPACT, { revision, physical: true }, timeoutMs);
      terminal.write(`Compacted with revision ${revision}\n`);
    }
    if (!options.boolean('auto-defrag')) return;
    for (const endpoint of await this.#session.endpoints()) {
      terminal.write(`Defragmenting ${JSON.stringify(endpoint)}\n`);
      const connection = await this.#session.connect([endpoint]);
      await connection.unary(DEFRAGMENT, {}, timeoutMs);
      terminal.write(`Defragmented ${JSON.stringify(endpoint)}\n`);
    }
  }
}

async function connectAll(session: Session, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => session.connect()));
}

async function runPerf(session: Session, invocation: Invocation): Promise<void> {
  const { writesPerSecond, clients } = PERF[workload(invocation)];
  const connections = await connectAll(session, clients);
  const [first] = connections;
  if (first === undefined) return;
  const range = new CheckedRange(session, first, invocation);
  await range.mustBeEmpty();
  const interrupted = new AbortController();
  const restore = session.terminal.onInterrupt(() => interrupted.abort());
  const progress = new ProgressBar(session.terminal, 'Writing');
  const report = await runLoad({
    connections,
    writesPerSecond,
    durationMs: PERF_SECONDS * 1000,
    nextRequest: () => ({
      key: range.newKey(PERF_KEY_BYTES),
      value: Buffer.alloc(PERF_VALUE_BYTES),
    }),
    signal: interrupted.signal,
    onProgress: (share) => progress.show(share, 1),
  });
  progress.finish();
  restore();
  await range.remove();
  tellPerf(session, report, writesPerSecond);
}

function tellPerf(session: Session, report: LoadReport, wanted: number): void {
  const lines: string[] = [];
  let passes = report.errors.size === 0;
  if (!passes) lines.push('FAIL: too many errors');
  for (const [error, count] of report.errors) lines.push(`FAIL: ERROR(${error}) -> ${count}`);
  const check = (good: boolean, pass: string, fail: string): void => {
    passes &&= good;
    lines.push(good ? `PASS: ${pass}` : fail);
  };
  const rate = Math.trunc(report.perSecond) + 1;
  const slowest = report.slowestSeconds;
  const deviation = report.deviationSeconds;
  check(
    report.perSecond / wanted > 0.9,
    `Throughput is ${rate} writes/s`,
    `FAIL: Throughput too low: ${rate} writes/s`,
  );
  check(
    slowest <= MAX_SLOWEST_SECONDS,
    `Slowest request took ${slowest.toFixed(6)}s`,
    `Slowest request took too long: ${slowest.toFixed(6)}s`,
  );
  check(
    deviation <= MAX_DEVIATION_SECONDS,
    `Stddev is ${deviation.toFixed(6)}s`,
    `Stddev too high: ${deviation.toFixed(6)}s`,
  );
  lines.push(passes ? 'PASS' : 'FAIL');
  session.terminal.write(`${lines.join('\n')}\n`);
  if (!passes) throw new CommandError(EXIT.error, '');
}

async function runDatascale(session: Session, invocation: Invocation): Promise<void> {
  const { keys, clients } = DATASCALE[workload(invocation)];
  const connections = await connectAll(session, clients);
  const [first] = connections;
  const [endpoint = ''] = await session.endpoints();
  if (first === undefined) return;
  const range = new CheckedRange(session, first, invocation);
  await range.mustBeEmpty();
  const before = await residentBytes(endpoint, session, 'before');
  const sizeBytes = DATASCALE_KEY_BYTES + DATASCALE_VALUE_BYTES;
  const load = `${keys} key-value pairs, ${sizeBytes} bytes per key-value`;
  const title = `Start data scale check for work load [${load}, ${clients} concurrent clients].`;
  session.terminal.write(`${title}\n`);
  const progress = new ProgressBar(session.terminal, 'Writing');
  const report = await runLoad({
    connections,
    writes: keys,
    nextRequest: () => ({
      key: range.newKey(DATASCALE_KEY_BYTES),
      value: Buffer.alloc(DATASCALE_VALUE_BYTES),
    }),
    onProgress: (share) => progress.show(share, 1),
  });
  progress.finish();
  const after = await residentBytes(endpoint, session, 'after');
  await range.remove();
  if (report.errors.size > 0) {
    const counts = [...report.errors].map(([text, count]) => `FAIL: ERROR(${text}) -> ${count}\n`);
    session.terminal.write(`FAIL: too many errors\n${counts.join('')}`);
    throw new CommandError(EXIT.error, '');
  }
  const usedMb = ((after - before) / (1024 * 1024)).toFixed(2);
  session.terminal.write(`PASS: Approximate system memory used : ${usedMb} MB.\n`);
}

const perf: Command = {
  usage: 'check perf [options]',
  summary: 'Writes for a minute and tells whether the cluster keeps up',
  options: commonOptions('/etcdctl-check-perf/'),
  run: runPerf,
};

const datascale: Command = {
  usage: 'check datascale [options]',
  summary: 'Writes many keys and tells how much memory the first endpoint takes for them',
  options: commonOptions('/etcdctl-check-datascale/'),
  run: runDatascale,
};

export const check: CommandGroup = {
  summary: 'Measures how a cluster performs',
  options: [],
  commands: { perf, datascale },
};
