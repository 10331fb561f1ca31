import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { benchFolder, removeBenchFolder } from '../folders.js';
import type { BenchServer, ServerOptions } from '../server.js';
import type { EventLoopReport } from './report.js';

/** The signal that `preload.ts` listens to. */
const SIGNAL = 'SIGWINCH';
const PRELOAD = new URL('./preload.js', import.meta.url).href;
const POLL_MS = 5;
const TIMEOUT_MS = 60_000;

/** Watches the event loop of a server that was started with `serverOptions`. */
export class EventLoopProbe {
  readonly serverOptions: ServerOptions;
  private readonly folder = benchFolder();
  private scenarios = 0;

  constructor() {
    this.serverOptions = {
      nodeArguments: ['--import', PRELOAD],
      environment: { KVORUM_BENCH_EVENT_LOOP: this.path },
    };
  }

  /** What the event loop does during `scenario`, and nothing before or after it. */
  async observe(server: BenchServer, scenario: () => Promise<void>): Promise<EventLoopReport> {
    const name = `${this.path}-${++this.scenarios}`;
    process.kill(server.pid, SIGNAL);
    await waitFor(`${name}.begun`);
    await scenario();
    process.kill(server.pid, SIGNAL);
    await waitFor(`${name}.json`);
    return JSON.parse(readFileSync(`${name}.json`, 'utf8')) as EventLoopReport;
  }

  remove(): void {
    removeBenchFolder(this.folder);
  }

  private get path(): string {
    return join(this.folder, 'event-loop');
  }
}

async function waitFor(path: string): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (!existsSync(path)) {
    if (performance.now() > deadlineMs)
      throw new Error('the server does not tell of its event loop');
    await setTimeout(POLL_MS);
  }
}
