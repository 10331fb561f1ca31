/** What a server's event loop was like between the begin and the end of a scenario. */
export interface EventLoopReport {
  readonly seconds: number;
  /** By perf_hooks.monitorEventLoopDelay, its own interval taken off. */
  readonly delay: {
    readonly samples: number;
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly p999Ms: number;
    readonly maxMs: number;
  };
  readonly turns: number;
  readonly longestTurnsMs: readonly number[];
  /** The most CPU time the main thread used within a turn (and short ones before it: within 2 ms). */
  readonly longestTurnCpuMs: number;
  /** What one waits who comes at a random moment, with a probability of 99.9 %. */
  readonly wait999Ms: number;
}
