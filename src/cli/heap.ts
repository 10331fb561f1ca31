import { setFlagsFromString } from 'node:v8';

const FLAG = '--heap-growing-percent';

/**
 * By how much the heap may grow between two collections of all of it. Left to itself V8 lets it become
 * up to four times of what was alive; a server keeps most of its data outside of the heap, and what it
 * holds for some tenths of a second (the log's newest entries, records on their way to disk) is garbage
 * afterwards. Measured on 1,000,000 puts: 86 MB less, for 3 % of CPU time; with 60 %, 30 MB less than
 * that for another 10 %.
 */
const PERCENT = 100;

/** Keeps the memory of the process near what is in use, unless its command line says otherwise. */
export function limitHeapGrowth(): void {
  const isChosen = process.execArgv.some((argument) => argument.startsWith(FLAG));
  if (!isChosen) setFlagsFromString(`${FLAG}=${PERCENT}`);
}
