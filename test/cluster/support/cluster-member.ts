import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EtcdClient } from '../../support/etcd-client.js';
import { type ExitStatus, Member } from '../../support/member.js';
import type { Program } from '../../support/programs.js';
import { SlowDisk } from './slow-disk.js';

export interface ClusterMemberOptions {
  readonly name: string;
  readonly program: Program;
  /** Below it lies the data directory; it need not exist. */
  readonly folder: string;
  readonly flags: readonly string[];
  readonly ports: {
    readonly client: number;
    /** Where the member listens for its peers … */
    readonly peer: number;
    /** … and where they are told to find it. */
    readonly advertisedPeer: number;
  };
}

const OWN_END_MS = 30_000;

/** One member of a cluster: its process, its clients' connection, what faults it is under. */
export class ClusterMember {
  readonly name: string;
  readonly client: EtcdClient;
  readonly peerUrl: string;
  /** As it told; 0 until it was asked for its status. */
  id = 0n;
  /** Clients have no business with it. */
  isLearner = false;
  private readonly options: ClusterMemberOptions;
  private readonly slowDisk: SlowDisk;
  private process: Member | undefined;
  private isPaused = false;
  private starts = 0;

  constructor(options: ClusterMemberOptions) {
    this.options = options;
    this.name = options.name;
    this.peerUrl = `http://127.0.0.1:${options.ports.advertisedPeer}`;
    this.client = new EtcdClient(`127.0.0.1:${options.ports.client}`);
    this.slowDisk = new SlowDisk(join(options.folder, 'sync-delay-ms'));
  }

  /** Settles with which cluster the process will be started; it does not run yet. */
  create(initialCluster: string, state: 'new' | 'existing'): void {
    const { folder, ports, program, flags, name } = this.options;
    mkdirSync(folder, { recursive: true });
    this.process = new Member({
      name,
      program,
      dataFolder: join(folder, 'data'),
      clientPort: ports.client,
      peerPort: ports.peer,
      environment: this.slowDisk.environmentFor(program),
      readyTimeoutMs: 60_000,
      flags: [
        `--initial-advertise-peer-urls=${this.peerUrl}`,
        `--initial-cluster=${initialCluster}`,
        `--initial-cluster-state=${state}`,
        ...flags,
      ],
    });
  }

  /** Starts the process and waits until it serves, which needs a quorum. */
  async start(): Promise<void> {
    this.starts++;
    this.isPaused = false;
    await this.member.start();
  }

  /** A name of this life of the process. */
  get life(): string {
    return `${this.name}#${this.starts}`;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  get clientPort(): number {
    return this.options.ports.client;
  }

  /** The process runs and is not paused. */
  get isServing(): boolean {
    return this.process?.isRunning === true && !this.isPaused;
  }

  get dataFolder(): string {
    return this.member.dataFolder;
  }

  /** The last lines that the process wrote. */
  get output(): string {
    return this.member.output;
  }

  async kill(): Promise<void> {
    await this.member.kill();
  }

  /** SIGTERM and a patient wait: a leader hands its office over first. */
  async stop(): Promise<void> {
    const { signal, code } = await this.member.stop(30_000);
    assert.ok(signal !== 'SIGKILL', `${this.name} did not stop:\n${this.output}`);
    assert.ok(signal === 'SIGTERM' || code === 0, `${this.name} ended with ${code}`);
  }

  pause(): void {
    this.isPaused = true;
    this.member.signal('SIGSTOP');
  }

  resume(): void {
    this.member.signal('SIGCONT');
    this.isPaused = false;
  }

  slowDownDisk(delayMs: number): void {
    this.slowDisk.slowDown(this.member, delayMs);
  }

  recoverDisk(): void {
    this.slowDisk.recover(this.member);
  }

  /** Waits until the process ends without having been told to. */
  async waitForOwnEnd(): Promise<ExitStatus> {
    const late = setTimeout(() => this.member.signal('SIGKILL'), OWN_END_MS);
    const status = await this.member.waitForExit();
    clearTimeout(late);
    assert.ok(status.signal === null, `${this.name} did not end by itself:\n${this.output}`);
    return status;
  }

  /** Ends the process and its clients' connection, for good. */
  async end(): Promise<void> {
    this.client.close();
    if (this.process === undefined) return;
    this.slowDisk.recover(this.process);
    await this.process.kill();
  }

  private get member(): Member {
    if (this.process === undefined) throw new Error(`${this.name} has not been created`);
    return this.process;
  }
}
