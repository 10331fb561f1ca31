import { setTimeout } from 'node:timers/promises';
import { MeasuringWindow } from '../window.js';
import type { Row } from './row.js';

/** What a start left behind gets this long to settle. */
const SETTLE_MS = 3000;

/** What a server costs that nobody asks anything. */
export const IDLE_ROWS: Row[] = [
  {
    name: 'idle',
    title: 'a fresh server without requests, 10 s',
    description: 'CPU time in ten seconds without any request, and the memory held then.',
    async run(bench) {
      const server = await bench.startServer();
      await setTimeout(bench.size(SETTLE_MS, 500));
      const window = new MeasuringWindow(server.pid, bench.profile);
      await setTimeout(bench.size(10_000, 2000));
      const { cpuSeconds } = window.close();
      const { residentMegabytes, peakMegabytes } = server.memory;
      return { cpuSeconds, residentMegabytes, peakMegabytes };
    },
  },
];
