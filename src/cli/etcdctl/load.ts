import type { PutRequest } from '../../proto/generated/etcdserverpb.js';
import type { Init } from '../../proto/wire.js';
import type { Connection } from './connection.js';
import { PUT } from './methods.js';

export interface LoadOptions {
  /** Each has one request under way at a time. */
  readonly connections: readonly Connection[];
  /** Requests begin no faster than this; unset: as fast as answers come. */
  readonly writesPerSecond?: number;
  /** When to stop; one of the two is set. */
  readonly durationMs?: number;
  readonly writes?: number;
  readonly nextRequest: () => Init<PutRequest>;
  readonly signal?: AbortSignal;
  /** Told how much of the load is done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** How long requests took. */
export class LoadReport {
  readonly errors = new Map<string, number>();
  readonly #startMs = performance.now();
  #endMs = this.#startMs;
  #count = 0;
  #sum = 0;
  #sumOfSquares = 0;
  slowestSeconds = 0;

  add(seconds: number): void {
    this.#count++;
    this.#sum += seconds;
    this.#sumOfSquares += seconds * seconds;
    this.slowestSeconds = Math.max(this.slowestSeconds, seconds);
    this.#endMs = performance.now();
  }

  addError(text: string): void {
    this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
  }

  get perSecond(): number {
    const seconds = (this.#endMs - this.#startMs) / 1000;
    return seconds > 0 ? this.#count / seconds : 0;
  }

  get deviationSeconds(): number {
    if (this.#count === 0) return 0;
    const mean = this.#sum / this.#count;
    return Math.sqrt(Math.max(this.#sumOfSquares / this.#count - mean * mean, 0));
  }
}

/** Writes through all connections at once; resolves when the last answer is there. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { connections, durationMs = Infinity, writes = Infinity, writesPerSecond } = options;
  const report = new LoadReport();
  const startMs = performance.now();
  let begun = 0;
  const worker = async (connection: Connection): Promise<void> => {
    while (begun < writes && options.signal?.aborted !== true) {
      const dueMs = writesPerSecond === undefined ? 0 : (begun * 1000) / writesPerSecond;
      begun++;
      const waitMs = startMs + dueMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs >= durationMs) return;
      options.onProgress(Math.max(elapsedMs / durationMs, begun / writes));
      const beginMs = performance.now();
      try {
        await connection.unary(PUT, options.nextRequest());
      } catch (error) {
        report.addError(error instanceof Error ? error.message : String(error));
      }
      report.add((performance.now() - beginMs) / 1000);
    }
  };
  await Promise.all(connections.map(worker));
  return report;
}
