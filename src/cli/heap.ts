import { setFlagsFromString } from 'node:v8';

/**
 * By how much the heap may grow between two collections of all of it. Left to itself V8 lets it become
 * up to four times of what was alive; a server keeps most of its data outside of the heap, and what it
 * holds for some tenths of a second (the log's newest entries, records on their way to disk) is garbage
 * afterwards. Measured on 1,000,000 puts: 86 MB less, for 3 % of CPU time; with 60 %, 30 MB less than
 * that for another 10 %.
 */
const GROWTH = '--heap-growing-percent';
const GROWTH_PERCENT = 100;

/**
 * Memory of dead buffers is given back by the collector itself. V8 leaves that to a thread, and where
 * buffers come fast and cores are few, it begins one collection of everything after the other meanwhile,
 * since all that memory still counts. Measured on a snapshot of 600 MB: 12 of them instead of 55, a
 * third less time in all, and half the longest step.
 */
const BUFFERS_IN_THREAD = '--concurrent-array-buffer-sweeping';
const BUFFERS_HERE = '--no-concurrent-array-buffer-sweeping';

/** Settings of the collector that suit a server, unless its command line says otherwise. */
export function tuneCollector(): void {
  const isChosen = (...flags: string[]): boolean =>
    process.execArgv.some((argument) => flags.some((flag) => argument.startsWith(flag)));
  if (!isChosen(GROWTH)) setFlagsFromString(`${GROWTH}=${GROWTH_PERCENT}`);
  if (!isChosen(BUFFERS_IN_THREAD, BUFFERS_HERE)) setFlagsFromString(BUFFERS_HERE);
}
