/**
 * A general linearizability checker: is there one order of all operations, each at a moment between
 * its call and its return, that a sequential object could have gone through? The search is Wing &
 * Gong's with Lowe's memory of configurations (set of linearized operations, state) that led nowhere.
 */

/** A sequential object. States are values: `step` returns a new one. */
export interface Model<State, Input> {
  readonly initial: State;
  /** The state after the operation, or undefined if it cannot happen (with its answer) in this state. */
  step(state: State, input: Input): State | undefined;
  /** Equal states have equal keys. */
  keyOf(state: State): string;
}

/** An operation as its client saw it; times of one clock. */
export interface TimedOperation<Input> {
  readonly input: Input;
  readonly calledAtMs: number;
  /** `Infinity` when nobody knows whether and when it happened; then it may also never happen. */
  readonly returnedAtMs: number;
}

/** What came of a check; `exhausted` means that the search was given up, which proves nothing. */
export type Verdict = 'linearizable' | 'not linearizable' | 'exhausted';

/** A call or a return in the list of all of them, which is ordered by time. */
interface Entry {
  readonly operation: number;
  /** The return of a call; undefined in a return. */
  readonly matching: Entry | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
}

const DEFAULT_STEP_LIMIT = 5_000_000;

/** Checks one history. The work is bounded by `stepLimit` steps of the model. */
export function checkLinearizability<State, Input>(
  model: Model<State, Input>,
  operations: readonly TimedOperation<Input>[],
  stepLimit = DEFAULT_STEP_LIMIT,
): Verdict {
  const head = entryList(operations);
  const isOptional = operations.map(
    ({ returnedAtMs }) => returnedAtMs === Number.POSITIVE_INFINITY,
  );
  let required = isOptional.filter((optional) => !optional).length;
  const linearized = new LinearizedSet(operations.length);
  const visited = new Set<string>();
  const stack: { entry: Entry; stateBefore: State }[] = [];
  let state = model.initial;
  let entry = head.next;
  for (let steps = 0; required > 0; ) {
    const input = entry === undefined ? undefined : operations[entry.operation]?.input;
    if (entry?.matching !== undefined && input !== undefined) {
      if (++steps > stepLimit) return 'exhausted';
      const after = model.step(state, input);
      if (after !== undefined) {
        linearized.add(entry.operation);
        const configuration = `${linearized.key()} ${model.keyOf(after)}`;
        if (!visited.has(configuration)) {
          visited.add(configuration);
          stack.push({ entry, stateBefore: state });
          state = after;
          if (isOptional[entry.operation] !== true) required--;
          lift(entry);
          entry = head.next;
          continue;
        }
        linearized.delete(entry.operation);
      }
      entry = entry.next;
      continue;
    }
    // The return of an operation that has no place before it (or the end): the last choice was wrong.
    const last = stack.pop();
    if (last === undefined) return 'not linearizable';
    state = last.stateBefore;
    linearized.delete(last.entry.operation);
    if (isOptional[last.entry.operation] !== true) required++;
    unlift(last.entry);
    entry = last.entry.next;
  }
  return 'linearizable';
}

/** A set of small integers as bits, whose key is short. */
class LinearizedSet {
  private readonly words: Uint32Array;

  constructor(size: number) {
    this.words = new Uint32Array(Math.ceil(size / 32));
  }

  add(member: number): void {
    this.words[member >>> 5] = (this.words[member >>> 5] ?? 0) | (1 << (member & 31));
  }

  delete(member: number): void {
    this.words[member >>> 5] = (this.words[member >>> 5] ?? 0) & ~(1 << (member & 31));
  }

  key(): string {
    return Buffer.from(this.words.buffer).toString('latin1');
  }
}

/** All calls and returns in the order of time; at the same instant calls come first. */
function entryList<Input>(operations: readonly TimedOperation<Input>[]): Entry {
  const entries: { entry: Entry; atMs: number; isCall: boolean }[] = [];
  operations.forEach(({ calledAtMs, returnedAtMs }, operation) => {
    const end: Entry = { operation, matching: undefined, previous: undefined, next: undefined };
    const call: Entry = { operation, matching: end, previous: undefined, next: undefined };
    entries.push({ entry: call, atMs: calledAtMs, isCall: true });
    entries.push({ entry: end, atMs: returnedAtMs, isCall: false });
  });
  entries.sort((a, b) =>
    a.atMs === b.atMs ? Number(b.isCall) - Number(a.isCall) : a.atMs < b.atMs ? -1 : 1,
  );
  const head: Entry = { operation: -1, matching: undefined, previous: undefined, next: undefined };
  let last = head;
  for (const { entry } of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

/** Takes a call and its return out of the list. */
function lift(call: Entry): void {
  unlink(call);
  if (call.matching !== undefined) unlink(call.matching);
}

/** Puts back what `lift` took; in the reverse order of lifting. */
function unlift(call: Entry): void {
  if (call.matching !== undefined) link(call.matching);
  link(call);
}

function unlink(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

function link(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}
