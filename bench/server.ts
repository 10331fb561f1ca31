import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { KV } from '../src/proto/generated/etcdserverpb.js';
import { freePorts } from '../test/support/ports.js';
import { callOnce } from './call.js';
import { benchCertificates, mutualTlsFlags } from './certificates.js';
import { endWithUs } from './children.js';
import type { Contender } from './contenders.js';
import { benchFolder, removeBenchFolder } from './folders.js';
import type { ClientTls } from './load/socket.js';
import { memoryOf, type ProcessMemory } from './processes.js';

/** The same for both. Whatever is not named here is each server's default; fsync is on. */
export const SERVER_FLAGS = [
  '--logger=zap',
  '--log-outputs=stderr',
  '--log-level=error',
  '--snapshot-count=10000',
  '--quota-backend-bytes=8589934592',
] as const;

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;
const RETRY_MS = 5;
const ANSWER_TIMEOUT_MS = 60_000;

export interface ServerOptions {
  /** Arguments for Node, before the program; kvorum only. */
  nodeArguments?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  /** More flags than both servers get. */
  flags?: readonly string[];
  /** Serves clients over TLS and demands certificates of them. */
  mutualTls?: boolean;
}

/** One member with fresh data, which can be killed and started again on it. */
export class BenchServer {
  readonly contender: Contender;
  readonly clientPort: number;
  private readonly peerPort: number;
  private readonly folder: string;
  private readonly options: ServerOptions;
  private child: ChildProcess | undefined;

  private constructor(contender: Contender, ports: number[], options: ServerOptions) {
    const [clientPort = 0, peerPort = 0] = ports;
    this.contender = contender;
    this.clientPort = clientPort;
    this.peerPort = peerPort;
    this.folder = benchFolder();
    this.options = options;
  }

  /** Starts a fresh member; resolves after its first answer to a linearizable read. */
  static async start(contender: Contender, options: ServerOptions = {}): Promise<BenchServer> {
    const server = new BenchServer(contender, await freePorts(2), options);
    try {
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.contender.title} does not run`);
    return this.child.pid;
  }

  /** What its clients need to show it; undefined without TLS. */
  get tls(): ClientTls | undefined {
    return this.options.mutualTls === true ? benchCertificates().client : undefined;
  }

  get memory(): ProcessMemory {
    return memoryOf(this.pid);
  }

  /** Starts the process on its data and resolves to the seconds until the first answer. */
  async start(): Promise<number> {
    const { program } = this.contender;
    const beganMs = performance.now();
    const log = openSync(this.logPath, 'a');
    const child = spawn(
      program.command,
      [...(this.options.nodeArguments ?? []), ...program.leadingArguments, ...this.flags()],
      { stdio: ['ignore', log, log], env: this.environment() },
    );
    closeSync(log);
    this.child = child;
    endWithUs(child);
    while (!(await this.answers())) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
        throw new Error(`${this.contender.title} ended at its start: ${this.log}`);
      }
      if (performance.now() - beganMs > START_TIMEOUT_MS) {
        throw new Error(`${this.contender.title} did not answer: ${this.log}`);
      }
      await setTimeout(RETRY_MS);
    }
    return (performance.now() - beganMs) / 1000;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.end('SIGTERM');
    removeBenchFolder(this.folder);
  }

  private get logPath(): string {
    return join(this.folder, 'server.log');
  }

  /** The end of what the server wrote, for failure messages. */
  private get log(): string {
    return readFileSync(this.logPath, 'utf8').slice(-2000);
  }

  private async answers(): Promise<boolean> {
    try {
      const request = { key: Buffer.from('first-answer') };
      await callOnce(this.clientPort, KV.methods.range, request, {
        timeoutMs: ANSWER_TIMEOUT_MS,
        tls: this.tls,
      });
      return true;
    } catch {
      return false;
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const abort = new AbortController();
    const late = setTimeout(STOP_TIMEOUT_MS, undefined, { signal: abort.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    );
    await exited;
    abort.abort();
    await late;
  }

  private flags(): string[] {
    const scheme = this.tls === undefined ? 'http' : 'https';
    const client = `${scheme}://127.0.0.1:${this.clientPort}`;
    const peer = `http://127.0.0.1:${this.peerPort}`;
    return [
      '--name=default',
      `--data-dir=${join(this.folder, 'data')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      ...SERVER_FLAGS,
      ...(this.tls === undefined ? [] : mutualTlsFlags(benchCertificates())),
      ...(this.options.flags ?? []),
    ];
  }

  private environment(): NodeJS.ProcessEnv {
    const entries = Object.entries(process.env).filter(([name]) => !/^ETCD(CTL)?_/.test(name));
    return { ...Object.fromEntries(entries), ...this.options.environment };
  }
}
