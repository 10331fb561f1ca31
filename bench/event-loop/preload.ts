/**
 * Loaded into a server with `node --import`: the first signal resets what is known of the event loop and
 * writes `<path>-1.begun`, the next one writes the report to `<path>-1.json`, and so on.
 *
 * Two observers that do not know of each other. monitorEventLoopDelay is a timer of libuv that notes when
 * it came: a long turn is one late sample. And an immediate that does not keep the loop awake (unref)
 * runs once in each of its turns; the time since it ran last, without what the loop slept, is the length
 * of the turn, so that no turn is missed.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { EventLoopReport } from './report.js';
import { Turns } from './turns.js';

const SIGNAL = 'SIGWINCH';
const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const LONGEST = 10;

const path = process.env.KVORUM_BENCH_EVENT_LOOP;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let turns = new Turns();
let lastMs = 0;
let lastIdleMs = 0;
let beganMs = 0;
let isRunning = false;
let reports = 0;

const idleMs = (): number => performance.nodeTiming.idleTime;

function onTurn(): void {
  if (!isRunning) return;
  const nowMs = performance.now();
  const nowIdleMs = idleMs();
  turns.add(nowMs - lastMs - (nowIdleMs - lastIdleMs));
  lastMs = nowMs;
  lastIdleMs = nowIdleMs;
  setImmediate(onTurn).unref();
}

function begin(): void {
  turns = new Turns();
  histogram.enable();
  histogram.reset();
  isRunning = true;
  beganMs = performance.now();
  lastMs = beganMs;
  lastIdleMs = idleMs();
  setImmediate(onTurn).unref();
}

function end(): EventLoopReport {
  const totalMs = performance.now() - beganMs;
  isRunning = false;
  histogram.disable();
  // A sample is the time between two ticks: what exceeds the interval is delay.
  const delayMs = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  return {
    seconds: totalMs / 1000,
    delay: {
      samples: histogram.count,
      meanMs: delayMs(histogram.mean),
      p50Ms: delayMs(histogram.percentile(50)),
      p99Ms: delayMs(histogram.percentile(99)),
      p999Ms: delayMs(histogram.percentile(99.9)),
      maxMs: delayMs(histogram.max),
    },
    turns: turns.count,
    longestTurnsMs: turns.longestMs(LONGEST),
    wait999Ms: turns.waitMs(0.999, totalMs),
  };
}

/** Renamed when complete: whoever waits for the name finds all of it. */
function write(name: string, content: object): void {
  writeFileSync(`${name}.part`, JSON.stringify(content));
  renameSync(`${name}.part`, name);
}

process.on(SIGNAL, () => {
  if (path === undefined) return;
  if (isRunning) {
    write(`${path}-${reports}.json`, end());
    return;
  }
  write(`${path}-${++reports}.begun`, {});
  begin();
});
