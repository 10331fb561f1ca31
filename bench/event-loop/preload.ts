/**
 * Loaded into a server with `node --import`: the first signal resets what is known of the event loop and
 * writes `<path>-1.begun`, the next one writes the report to `<path>-1.json`, and so on.
 *
 * Two observers that do not know of each other. monitorEventLoopDelay is a timer of libuv that notes when
 * it came: a long turn is one late sample. And an immediate that does not keep the loop awake (unref)
 * runs once in each of its turns; the time since it ran last, without what the loop slept, is the length
 * of the turn, so that no turn is missed. On a busy machine a turn is long also because the thread was not
 * let run; so the CPU time of long turns is noted as well, to within CPU_READ_MS.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { MainThreadCpu } from './main-thread.js';
import type { EventLoopReport } from './report.js';
import { Turns } from './turns.js';

const SIGNAL = 'SIGWINCH';
const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const LONGEST = 10;
/** The CPU time is read when turns have taken this long together, not after each short one. */
const CPU_READ_MS = 2;

const mainThread = new MainThreadCpu();
const path = process.env.KVORUM_BENCH_EVENT_LOOP;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let turns = new Turns();
let lastMs = 0;
let lastIdleMs = 0;
let lastCpuMs = 0;
let activeMs = 0;
let longestCpuMs = 0;
let beganMs = 0;
let isRunning = false;
let reports = 0;

const idleMs = (): number => performance.nodeTiming.idleTime;

function onTurn(): void {
  if (!isRunning) return;
  const nowMs = performance.now();
  const nowIdleMs = idleMs();
  const turnMs = nowMs - lastMs - (nowIdleMs - lastIdleMs);
  turns.add(turnMs);
  activeMs += turnMs;
  if (activeMs >= CPU_READ_MS) readCpu();
  lastMs = nowMs;
  lastIdleMs = nowIdleMs;
  setImmediate(onTurn).unref();
}

function readCpu(): void {
  const cpuMs = mainThread.nowMs;
  longestCpuMs = Math.max(longestCpuMs, cpuMs - lastCpuMs);
  lastCpuMs = cpuMs;
  activeMs = 0;
}

function begin(): void {
  turns = new Turns();
  lastCpuMs = mainThread.nowMs;
  activeMs = 0;
  longestCpuMs = 0;
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
    longestTurnCpuMs: longestCpuMs,
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
