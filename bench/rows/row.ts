import type { ClusterMember } from '../../test/cluster/support/cluster-member.js';
import { BenchCluster, type LoadTarget } from '../cluster.js';
import type { Contender, ContenderName } from '../contenders.js';
import type { H2loadJob } from '../h2load.js';
import { runH2load } from '../h2load.js';
import type {
  AroundCallJob,
  AroundResult,
  FanOutJob,
  Job,
  JobBase,
  JobResult,
} from '../load/jobs.js';
import { type BackgroundJob, runJob, startBackgroundJob } from '../load/run-job.js';
import type { Measures } from '../measures.js';
import { BenchServer, type ServerOptions } from '../server.js';

/** Where a row stands on a curve of its kind. */
export interface CurvePoint {
  /** By which the rows of a curve know each other; names its chart. */
  readonly name: string;
  readonly title: string;
  readonly xTitle: string;
  readonly x: number;
}

/** One line of the table: a scenario that runs on one server at a time. */
export interface Row {
  /** By which it is chosen, e.g. `range-64x16`. */
  readonly name: string;
  readonly title: string;
  /** What it does, in a sentence or two, for the README and --list. */
  readonly description: string;
  /** Fewer rounds than asked for, where one round takes minutes. */
  readonly maxRounds?: number;
  /** It is measured on this server alone. */
  readonly only?: ContenderName;
  /** The row is a point of a chart rather than a line of the table. */
  readonly curve?: CurvePoint;
  /** Runs once on a fresh server, which `bench` starts. */
  run(bench: RowBench): Promise<Measures>;
}

export interface RowSettings {
  /** Small sizes and short times: the numbers mean little, but everything is run. */
  readonly quick: boolean;
  readonly durationMs: number;
  readonly warmupMs: number;
}

const JOB_TIMEOUT_MARGIN_MS = 120_000;
/** Filling a store takes its time, in proportion to what is put. */
const JOB_TIMEOUT_PER_REQUEST_MS = 1;

/** Those with one result that run to their end. */
type PlainJob = Exclude<Job, AroundCallJob | FanOutJob>;
type WithoutServer<T> = T extends JobBase ? Omit<T, keyof JobBase> : never;

/** What a row has at hand: the server it measures and the loads it can put on it. */
export class RowBench {
  readonly contender: Contender;
  readonly settings: RowSettings;
  /** What the last load saw of the server's threads, for profiles. */
  lastResult: JobResult | undefined;
  private readonly serverOptions: ServerOptions;
  readonly profile: boolean;
  private running: BenchServer | undefined;
  private runningCluster: BenchCluster | undefined;
  private clusterTarget: LoadTarget | undefined;

  constructor(
    contender: Contender,
    settings: RowSettings,
    serverOptions: ServerOptions,
    profile: boolean,
  ) {
    this.contender = contender;
    this.settings = settings;
    this.serverOptions = serverOptions;
    this.profile = profile;
  }

  /** Starts the row's server with fresh data; it is removed when the row has ended. */
  async startServer(options: ServerOptions = {}): Promise<BenchServer> {
    this.running = await BenchServer.start(
      this.contender,
      mergedOptions(this.serverOptions, options),
    );
    return this.running;
  }

  get server(): BenchServer {
    if (this.running === undefined) throw new Error('the row has not started its server');
    return this.running;
  }

  /** Starts three members with fresh data; they are removed when the row has ended. */
  async startCluster(): Promise<BenchCluster> {
    if (this.profile) throw new Error('the profiler looks at a lone server only');
    const { flags = [] } = this.serverOptions;
    this.runningCluster = await BenchCluster.start(this.contender, flags);
    return this.runningCluster;
  }

  /** Sends all load from now on to this member of the row's cluster. */
  aimAt(member: ClusterMember): void {
    this.clusterTarget = this.runningCluster?.target(member);
  }

  /** A number for full runs and one for quick ones. */
  size(full: number, quick: number): number {
    return this.settings.quick ? quick : full;
  }

  /** Runs a measured load in a process of its own; the profiler looks at it unless told not to. */
  load(job: WithoutServer<PlainJob>, profile = this.profile): Promise<JobResult> {
    return this.runLoad(job, profile);
  }

  /** Puts data into the store, every key once or as often as `puts` says; never profiled. */
  fill(prefix: string, keys: number, valueBytes: number, puts = keys): Promise<JobResult> {
    return this.runLoad(
      {
        kind: 'unary',
        connections: 16,
        streams: 16,
        workload: { kind: 'put', prefix, keys, valueBytes },
        limit: { requests: puts },
      },
      false,
    );
  }

  /** Lets h2load repeat one request. */
  async h2load(job: WithoutServer<H2loadJob>): Promise<JobResult> {
    const result = await runH2load({ ...job, ...this.targetOfJobs(), profile: this.profile });
    return this.checked(result);
  }

  async remove(): Promise<void> {
    await this.running?.remove();
    await this.runningCluster?.remove();
  }

  private targetOfJobs(): Omit<JobBase, 'profile'> {
    const { clientPort, pid, otherPids } = this.clusterTarget ?? portAndPid(this.server);
    const tls = this.running?.tls;
    return {
      port: clientPort,
      serverPid: pid,
      otherServerPids: otherPids,
      ...(tls === undefined ? {} : { tls }),
    };
  }

  /** Starts a load that goes on beside others until it is stopped. */
  async startBackground(job: WithoutServer<FanOutJob>): Promise<BackgroundJob> {
    const started = await startBackgroundJob({ ...job, ...this.targetOfJobs(), profile: false });
    return { stop: async () => this.checked(await started.stop()) };
  }

  /** Measures a load before, during and after a call; the profiler sees the time of the call. */
  async loadAroundCall(job: WithoutServer<AroundCallJob>): Promise<AroundResult> {
    const wholeJob = { ...job, ...this.targetOfJobs(), profile: this.profile };
    const result = await runJob(wholeJob, JOB_TIMEOUT_MARGIN_MS + job.besideMs * 4);
    this.checked(result.after);
    this.lastResult = result.during;
    return result;
  }

  private async runLoad(job: WithoutServer<PlainJob>, profile: boolean): Promise<JobResult> {
    const requests = job.kind === 'unary' && 'requests' in job.limit ? job.limit.requests : 0;
    const timeoutMs =
      JOB_TIMEOUT_MARGIN_MS + requests * JOB_TIMEOUT_PER_REQUEST_MS + this.settings.durationMs * 4;
    const wholeJob: PlainJob = { ...job, ...this.targetOfJobs(), profile };
    return this.checked(await runJob(wholeJob, timeoutMs));
  }

  /** A number that was reached with failures would mean nothing. */
  private checked(result: JobResult): JobResult {
    if (result.failures > 0) {
      throw new Error(`${result.failures} calls failed beside ${result.count} good ones`);
    }
    this.lastResult = result;
    return result;
  }
}

/** What the run and the row ask for, together. */
function mergedOptions(ofRun: ServerOptions, ofRow: ServerOptions): ServerOptions {
  return {
    ...ofRun,
    ...ofRow,
    nodeArguments: [...(ofRun.nodeArguments ?? []), ...(ofRow.nodeArguments ?? [])],
    environment: { ...ofRun.environment, ...ofRow.environment },
    flags: [...(ofRun.flags ?? []), ...(ofRow.flags ?? [])],
  };
}

function portAndPid({ clientPort, pid }: BenchServer): LoadTarget {
  return { clientPort, pid, otherPids: [] };
}

/** The common measures of a load, its rate under the name that fits it. */
export function measuresOf(
  result: JobResult,
  rate: 'requestsPerSecond' | 'eventsPerSecond' | 'pagesPerSecond' = 'requestsPerSecond',
): Measures {
  const { generatorCpuSeconds, server } = result;
  const othersCpuSeconds = server.machineCpuSeconds - server.cpuSeconds - generatorCpuSeconds;
  return {
    [rate]: result.count / result.seconds,
    meanUs: result.meanUs,
    p50Us: result.p50Us,
    p99Us: result.p99Us,
    cpuSecondsPer1000: (server.cpuSeconds * 1000) / result.count,
    generatorBusyPercent: (generatorCpuSeconds * 100) / result.seconds,
    othersBusyPercent: (Math.max(0, othersCpuSeconds) * 100) / result.seconds,
  };
}
