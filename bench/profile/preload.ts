/**
 * Loaded into a server with `node --import`: SIGUSR2 starts the CPU profiler, the next one stops it and
 * writes the profile, so that only the measured window is in it. `node --cpu-prof` would hold the start
 * and the warm-up too, and writes nothing when the process ends by a signal.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

const SAMPLING_INTERVAL_US = 250;
const path = process.env.KVORUM_BENCH_PROFILE;
const session = new Session();
let isRunning = false;
let written = 0;

process.on('SIGUSR2', () => {
  if (path === undefined) return;
  if (!isRunning) {
    isRunning = true;
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
    session.post('Profiler.start');
    return;
  }
  session.post('Profiler.stop', (error, result) => {
    isRunning = false;
    if (error !== null) return;
    // Renamed when complete: whoever waits for the name finds all of it.
    writeFileSync(`${path}.part`, JSON.stringify(result.profile));
    renameSync(`${path}.part`, `${path}-${++written}.cpuprofile`);
    session.disconnect();
  });
});
