import { revisionCode } from '../revision-key.js';

const INITIAL_LENGTH = 1024;

/** The code that nearly all changes have: the first one of their transaction, a put. */
const FIRST_PUT = revisionCode(0, false);

/**
 * Changes in no order, in arrays that go to another thread without being copied. Those with the code of
 * a first put are by themselves, since a number is enough for one.
 */
export interface RevisionLists {
  /** Main revisions of the first puts. */
  readonly firstPuts: Float64Array<ArrayBuffer>;
  /** Main revision and code of all others, in turn. */
  readonly others: Float64Array<ArrayBuffer>;
}

/** Gathers the changes that a compaction keeps, 8 bytes for each. */
export class RevisionCollector {
  private firstPuts = new Float64Array(INITIAL_LENGTH);
  private firstPutsLength = 0;
  private others = new Float64Array(0);
  private othersLength = 0;

  add(main: number, code: number): void {
    if (code === FIRST_PUT) {
      this.firstPuts = withRoom(this.firstPuts, this.firstPutsLength, 1);
      this.firstPuts[this.firstPutsLength++] = main;
      return;
    }
    this.others = withRoom(this.others, this.othersLength, 2);
    this.others[this.othersLength++] = main;
    this.others[this.othersLength++] = code;
  }

  /** What was added. The collector must not be used any more. */
  take(): RevisionLists {
    return {
      firstPuts: this.firstPuts.subarray(0, this.firstPutsLength),
      others: this.others.subarray(0, this.othersLength),
    };
  }
}

function withRoom(
  array: Float64Array<ArrayBuffer>,
  length: number,
  more: number,
): Float64Array<ArrayBuffer> {
  if (length + more <= array.length) return array;
  const larger = new Float64Array(Math.max(INITIAL_LENGTH, array.length * 2));
  larger.set(array);
  return larger;
}

/**
 * The same changes, to be asked for in ascending order: who walks over all records anyway needs no
 * look-up in the index for each.
 */
export class KeptRevisions {
  readonly isEmpty: boolean;
  private readonly firstPuts: Float64Array<ArrayBuffer>;
  private readonly others: Float64Array<ArrayBuffer>;
  private nextFirstPut = 0;
  private nextOther = 0;

  /** Sorts the lists, which belong to this object from now on. */
  constructor({ firstPuts, others }: RevisionLists) {
    this.firstPuts = firstPuts.sort();
    this.others = sortedPairs(others);
    this.isEmpty = firstPuts.length + others.length === 0;
  }

  /** Whether the change is one of them. No call may name an earlier change than the one before. */
  includes(main: number, code: number): boolean {
    if (code === FIRST_PUT) {
      const { firstPuts } = this;
      while ((firstPuts[this.nextFirstPut] as number) < main) this.nextFirstPut++;
      return firstPuts[this.nextFirstPut] === main;
    }
    const { others } = this;
    while (isBefore(others, this.nextOther, main, code)) this.nextOther += 2;
    return others[this.nextOther] === main && others[this.nextOther + 1] === code;
  }
}

function isBefore(
  pairs: Float64Array<ArrayBuffer>,
  at: number,
  main: number,
  code: number,
): boolean {
  // Beyond the end there is no number, and no comparison with that holds.
  const here = pairs[at] as number;
  return here < main || (here === main && (pairs[at + 1] as number) < code);
}

function sortedPairs(pairs: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: pairs.length / 2 }, (_, index) => index * 2);
  order.sort((a, b) => {
    const byMain = (pairs[a] as number) - (pairs[b] as number);
    return byMain !== 0 ? byMain : (pairs[a + 1] as number) - (pairs[b + 1] as number);
  });
  const sorted = new Float64Array(pairs.length);
  for (const [index, at] of order.entries()) {
    sorted[index * 2] = pairs[at] as number;
    sorted[index * 2 + 1] = pairs[at + 1] as number;
  }
  return sorted;
}
