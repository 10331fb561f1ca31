import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.js';
import { makeTemporaryFolder, removeFolder } from './folders.js';
import { freePorts } from './ports.js';
import { type Program, serverUnderTest } from './programs.js';

/** How a member is started. Everything has a default: a single fresh member of the server under test. */
export interface MemberOptions {
  program?: Program;
  /** Member name; default `default`. */
  name?: string;
  /** Default: a new temporary folder, removed at the end. */
  dataFolder?: string;
  clientPort?: number;
  peerPort?: number;
  /** More flags, e.g. `['--max-txn-ops=8']`; these come last and so win. */
  flags?: readonly string[];
  /** More environment variables. */
  environment?: Readonly<Record<string, string>>;
  /** How long a start may take; default 30 s. */
  readyTimeoutMs?: number;
}

/** The line by which etcd's own test suite knows that a member serves. */
const READY_LINE = 'ready to serve client requests';
/** Lines of output kept for failure messages. */
const KEPT_OUTPUT_LINES = 200;
const STOP_TIMEOUT_MS = 10_000;

/** How a process ended. */
export interface ExitStatus {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * One member process on 127.0.0.1. It can be stopped, killed and started again on the same ports and
 * data folder. Only this process is ever signalled, by its pid.
 */
export class Member {
  readonly name: string;
  readonly program: Program;
  readonly dataFolder: string;
  readonly clientPort: number;
  readonly peerPort: number;
  private readonly flags: readonly string[];
  private readonly environment: Readonly<Record<string, string>>;
  private readonly readyTimeoutMs: number;
  private readonly outputLines: string[] = [];
  private child: ChildProcess | undefined;
  private exited: Promise<ExitStatus> = Promise.resolve({ code: null, signal: null });

  /** Use `startMember`; this only records where and how the process will run. */
  constructor(
    options: Required<Pick<MemberOptions, 'dataFolder' | 'clientPort' | 'peerPort'>> &
      MemberOptions,
  ) {
    this.name = options.name ?? 'default';
    this.program = options.program ?? serverUnderTest();
    this.dataFolder = options.dataFolder;
    this.clientPort = options.clientPort;
    this.peerPort = options.peerPort;
    this.flags = options.flags ?? [];
    this.environment = options.environment ?? {};
    this.readyTimeoutMs = options.readyTimeoutMs ?? 30_000;
  }

  /** `host:port` of the client listener, the way gRPC clients take it. */
  get clientAddress(): string {
    return `127.0.0.1:${this.clientPort}`;
  }

  get clientUrl(): string {
    return `http://${this.clientAddress}`;
  }

  get peerUrl(): string {
    return `http://127.0.0.1:${this.peerPort}`;
  }

  /** The process id, or undefined while nothing runs. */
  get pid(): number | undefined {
    return this.isRunning ? this.child?.pid : undefined;
  }

  get isRunning(): boolean {
    return (
      this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
    );
  }

  /** The last lines the process wrote, for failure messages. */
  get output(): string {
    return this.outputLines.join('\n');
  }

  /** Starts the process and waits until it says that it serves. Throws with its output otherwise. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const child = spawn(
      this.program.command,
      [...this.program.leadingArguments, ...this.arguments()],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environmentWithoutEtcd(), ...this.environment },
      },
    );
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: null, signal: null }));
    });
    await this.waitUntilReady(child);
  }

  /** SIGTERM, a bounded wait, then SIGKILL. Says how the process ended. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<ExitStatus> {
    return this.end('SIGTERM', timeoutMs);
  }

  /** SIGKILL: what a power cut leaves, except for the operating system's caches. */
  async kill(): Promise<ExitStatus> {
    return this.end('SIGKILL', STOP_TIMEOUT_MS);
  }

  /** Sends any signal, e.g. SIGSTOP and SIGCONT to pause the member. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Resolves when the process has ended, for whatever reason. */
  waitForExit(): Promise<ExitStatus> {
    return this.exited;
  }

  private async end(signal: NodeJS.Signals, timeoutMs: number): Promise<ExitStatus> {
    if (!this.isRunning) return this.exited;
    this.child?.kill(signal);
    // A paused process acts on SIGTERM only once it goes on.
    this.child?.kill('SIGCONT');
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), timeoutMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  private arguments(): string[] {
    return [
      `--name=${this.name}`,
      `--data-dir=${this.dataFolder}`,
      `--listen-client-urls=${this.clientUrl}`,
      `--advertise-client-urls=${this.clientUrl}`,
      `--listen-peer-urls=${this.peerUrl}`,
      `--initial-advertise-peer-urls=${this.peerUrl}`,
      `--initial-cluster=${this.name}=${this.peerUrl}`,
      ...this.flags,
    ];
  }

  private waitUntilReady(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(this.startFailure(`did not serve within ${this.readyTimeoutMs} ms`));
      }, this.readyTimeoutMs);
      const onLine = (line: string): void => {
        this.outputLines.push(line);
        if (this.outputLines.length > KEPT_OUTPUT_LINES) this.outputLines.shift();
        if (!line.includes(READY_LINE)) return;
        clearTimeout(timer);
        resolve();
      };
      if (child.stdout !== null) splitLines(child.stdout, onLine);
      if (child.stderr !== null) splitLines(child.stderr, onLine);
      void this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        reject(this.startFailure(`ended with ${signal ?? `code ${code}`}`));
      });
    });
  }

  private startFailure(what: string): Error {
    return new Error(`${this.program.label} (${this.name}) ${what}; it wrote:\n${this.output}`);
  }
}

/**
 * Starts one member on 127.0.0.1 with ports from the system and waits until it serves. It is killed
 * and its data folder removed when `cleanup` ends.
 */
export async function startMember(cleanup: Cleanup, options: MemberOptions = {}): Promise<Member> {
  const [freeClientPort = 0, freePeerPort = 0] = await freePorts(2);
  const ownFolder = options.dataFolder === undefined ? makeTemporaryFolder() : undefined;
  const member = new Member({
    ...options,
    dataFolder: options.dataFolder ?? join(ownFolder ?? '', 'data'),
    clientPort: options.clientPort ?? freeClientPort,
    peerPort: options.peerPort ?? freePeerPort,
  });
  // One step, since the order in which a cleanup runs its steps is its own matter.
  cleanup.after(async () => {
    await member.kill();
    if (ownFolder !== undefined) removeFolder(ownFolder);
  });
  await member.start();
  return member;
}

/** ETCD_* and ETCDCTL_* variables of the caller would change what is tested. */
function environmentWithoutEtcd(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^ETCD(CTL)?_/.test(name)),
  );
}

function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
