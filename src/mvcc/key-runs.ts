/** Keys in order, and the row of each. */
export interface Run {
  readonly keys: readonly string[];
  readonly rows: Int32Array;
}

/** Sorts keys, each of which has a row. */
export function sortedRun(keys: readonly string[], rows: readonly number[]): Run {
  const order = sortedOrder(keys);
  const sortedKeys: string[] = [];
  const sortedRows = new Int32Array(rows.length);
  for (let at = 0; at < order.length; at++) {
    const from = order[at] as number;
    sortedKeys.push(keys[from] as string);
    sortedRows[at] = rows[from] as number;
  }
  return { keys: sortedKeys, rows: sortedRows };
}

/**
 * The places of the keys in ascending order: a merge sort without a comparing function, twice as fast
 * as Array's, which has to call one.
 */
function sortedOrder(keys: readonly string[]): Uint32Array {
  const { length } = keys;
  let from = new Uint32Array(length);
  let to = new Uint32Array(length);
  for (let at = 0; at < length; at++) from[at] = at;
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      mergeParts(keys, from, to, start, Math.min(start + width, length), width);
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Merges `from[start, middle)` with as much behind it into the same places of `to`. */
function mergeParts(
  keys: readonly string[],
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  width: number,
): void {
  const end = Math.min(middle + width, keys.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft =
      right >= end ||
      (left < middle &&
        (keys[from[left] as number] as string) < (keys[from[right] as number] as string));
    to[at] = (takeLeft ? from[left++] : from[right++]) as number;
  }
}

/** A head of a run that has ended: above all keys. */
const ENDED = undefined;

/**
 * Walks over the keys of several runs in order. A tree of matches between the runs' heads: the winner
 * stands on top, each inner place keeps who lost there, so a step compares once a level.
 */
export class RunMerge {
  private readonly runs: readonly Run[];
  private readonly positions: Int32Array;
  private readonly heads: (string | undefined)[];
  private readonly losers: Int32Array;
  private winner: number;

  constructor(runs: readonly Run[]) {
    this.runs = runs;
    this.positions = new Int32Array(runs.length);
    this.heads = runs.map((run) => run.keys[0]);
    this.losers = new Int32Array(runs.length);
    this.winner = runs.length === 0 ? 0 : this.playAll();
  }

  /** The lowest key that was not passed yet; there must be one. */
  get key(): string {
    return this.heads[this.winner] as string;
  }

  /** The row of that key. */
  get row(): number {
    return this.runs[this.winner]?.rows[this.positions[this.winner] as number] as number;
  }

  /** Passes that key. */
  advance(): void {
    const { heads, losers, runs } = this;
    let winner = this.winner;
    const position = (this.positions[winner] as number) + 1;
    this.positions[winner] = position;
    heads[winner] = runs[winner]?.keys[position];
    for (let place = (winner + runs.length) >>> 1; place > 0; place >>>= 1) {
      const loser = losers[place] as number;
      if (!isBelow(heads[loser], heads[winner])) continue;
      losers[place] = winner;
      winner = loser;
    }
    this.winner = winner;
  }

  /** The runs stand at the places from their number on; the winner of the pair 2n, 2n + 1 goes to n. */
  private playAll(): number {
    const { heads, losers, runs } = this;
    const winners = new Int32Array(runs.length * 2);
    for (let run = 0; run < runs.length; run++) winners[runs.length + run] = run;
    for (let place = runs.length - 1; place > 0; place--) {
      const left = winners[place * 2] as number;
      const right = winners[place * 2 + 1] as number;
      const leftWins = isBelow(heads[left], heads[right]);
      winners[place] = leftWins ? left : right;
      losers[place] = leftWins ? right : left;
    }
    return winners[1] as number;
  }
}

function isBelow(a: string | undefined, b: string | undefined): boolean {
  if (a === ENDED) return false;
  return b === ENDED || a < b;
}
