import type { ServerUse } from '../window.js';
import type { ClientTls } from './socket.js';

/** What every job of the load generator is told. */
export interface JobBase {
  /** Client port of the server on 127.0.0.1. */
  port: number;
  /** With which certificates, if the server demands them. */
  tls?: ClientTls;
  /** Whose CPU time is counted. */
  serverPid: number;
  /** More processes whose CPU time is counted: the other members of its cluster. */
  otherServerPids?: readonly number[];
  /** Whether the server's profiler is to run while it is measured. */
  profile: boolean;
}

/** How a generator behaves towards the server on the same machine. */
export interface GeneratorManners {
  /**
   * Whether the generator runs only when nobody else wants a core: where the time of a server's turn is
   * looked at, clients on the same two cores must not be what interrupts it.
   */
  givesWay?: boolean;
}

/** Which unary calls are made. */
export type Workload =
  /** Puts over `keys` keys in a scrambled order that meets each once, then again. */
  | { kind: 'put'; prefix: string; keys: number; valueBytes: number }
  /** An API server's create, four updates and delete, as transactions; every stream its own object. */
  | { kind: 'transactions'; prefix: string; valueBytes: number }
  /** The same requests (base64) again and again; each stream begins elsewhere in the list. */
  | { kind: 'fixed'; path: string; bodies: string[]; minResponseBytes: number };

/** Closed loop: connections × streams calls are always under way. */
export interface UnaryJob extends JobBase, GeneratorManners {
  kind: 'unary';
  connections: number;
  streams: number;
  workload: Workload;
  /** A time after a warm-up, or so many requests from the first on. */
  limit: { warmupMs: number; durationMs: number } | { requests: number };
}

/** How watchers are spread. */
export interface WatchShape {
  connections: number;
  streamsPerConnection: number;
  watchersPerStream: number;
}

/** Watches over all of `keys` keys, and puts in bursts whose events are all awaited. */
export interface WatchJob extends JobBase, WatchShape {
  kind: 'watch';
  keys: number;
  valueBytes: number;
  /** Puts of a burst, and how many of them are under way at once. */
  burst: number;
  writeConnections: number;
  writeStreams: number;
  warmupMs: number;
  durationMs: number;
}

/** Each client keeps its own lease alive on a stream that stays open. */
export interface KeepAliveJob extends JobBase {
  kind: 'keep-alive';
  connections: number;
  /** One lease id (decimal) per client. */
  leases: string[];
  warmupMs: number;
  durationMs: number;
}

/** Watchers that resume at a revision, all at once; measured until each has got its events. */
export interface ResumeJob extends JobBase, WatchShape, GeneratorManners {
  kind: 'resume';
  prefix: string;
  prefixEnd: string;
  startRevision: number;
  eventsPerWatcher: number;
}

/** All watchers watch one key, which is put at intervals until the job is told to stop. */
export interface FanOutJob extends JobBase, WatchShape {
  kind: 'fan-out';
  key: string;
  valueBytes: number;
  intervalMs: number;
}

/** Puts without a pause, before, during and after a single other call. */
export interface AroundCallJob extends JobBase {
  kind: 'around-call';
  connections: number;
  streams: number;
  workload: Workload;
  /** The other call; its message is base64. */
  call: { path: string; body: string };
  warmupMs: number;
  /** The measured time before the call, and that after its answer. */
  besideMs: number;
}

export type Job = UnaryJob | WatchJob | KeepAliveJob | ResumeJob | FanOutJob | AroundCallJob;

/** What a job results in. */
export type ResultOf<AnyJob extends Job> = AnyJob extends AroundCallJob ? AroundResult : JobResult;

/** What the same load reached before, during and after something else. */
export interface AroundResult {
  before: JobResult;
  during: JobResult;
  after: JobResult;
}

/** What was done and how long it took, between the opening and the closing of the window. */
export interface JobResult {
  /** Answered calls, or delivered events. */
  count: number;
  /** Calls that failed; they are not in `count`. */
  failures: number;
  seconds: number;
  meanUs: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
  server: ServerUse;
  /** CPU time of the generator itself. */
  generatorCpuSeconds: number;
}
