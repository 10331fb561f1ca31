import {
  checkLinearizability,
  type Model,
  type TimedOperation,
  type Verdict,
} from './linearizability.js';
import { describe, type Operation } from './operations.js';

/** The state of a key that does not exist; nobody puts an empty value. */
const ABSENT = '';

/** What one operation did to one key, as its answer says. */
export type RegisterInput =
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'get'; readonly value: string }
  | { readonly kind: 'swap'; readonly expected: string; readonly value: string }
  /** A swap that was not made, since the key held `value`. */
  | { readonly kind: 'noSwap'; readonly expected: string; readonly value: string };

/** A key that is read, put, and swapped if it holds what is expected. */
export const registerModel: Model<string, RegisterInput> = {
  initial: ABSENT,
  step(state, input) {
    switch (input.kind) {
      case 'put':
        return input.value;
      case 'get':
        return state === input.value ? state : undefined;
      case 'swap':
        return state === input.expected ? input.value : undefined;
      case 'noSwap':
        return state === input.value && state !== input.expected ? state : undefined;
    }
  },
  keyOf: (state) => state,
};

/**
 * Checks each key by itself with nothing but values and times, as if there were no revisions.
 * Operations on more than one key are left out, so no key may be written by both kinds; serializable
 * reads are left out, too. Throws with the key and its operations.
 */
export function checkRegisters(operations: readonly Operation[]): void {
  for (const [key, all] of byKey(operations)) {
    const timed = withoutUnseen(all.flatMap(timedInput));
    const verdict: Verdict = checkLinearizability(registerModel, timed);
    if (verdict === 'linearizable') continue;
    throw new Error(`${key} is ${verdict}:\n${all.map(describe).join('\n')}`);
  }
}

function byKey(operations: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const operation of operations) {
    const { compares, writes, reads, isSerializable } = operation.request;
    const touched = new Set([...compares, ...writes].map(({ key }) => key).concat(reads));
    const [key] = touched;
    if (isSerializable || touched.size !== 1 || key === undefined) continue;
    const list = keys.get(key) ?? [];
    list.push(operation);
    keys.set(key, list);
  }
  return keys;
}

/** None for a read without an answer: it says nothing. */
function timedInput(operation: Operation): TimedOperation<RegisterInput>[] {
  const input = inputOf(operation);
  if (input === undefined) return [];
  const { calledAtMs, returnedAtMs } = operation;
  return [{ input, calledAtMs, returnedAtMs }];
}

function inputOf({ request, answer }: Operation): RegisterInput | undefined {
  const [write] = request.writes;
  const found = [...(answer?.read.values() ?? [])][0]?.value ?? ABSENT;
  if (write === undefined) return answer && { kind: 'get', value: found };
  const value = write.value ?? ABSENT;
  const [compare] = request.compares;
  if (compare === undefined) return { kind: 'put', value };
  const expected = compare.value ?? ABSENT;
  return answer?.succeeded === false
    ? { kind: 'noSwap', expected, value: found }
    : { kind: 'swap', expected, value };
}

/**
 * Leaves out writes of unknown outcome whose value nobody saw. If there is an order with such a write,
 * the next thing in it overwrites the value unseen (or nothing comes), so there is one without it; and
 * each of them would double the work.
 */
function withoutUnseen(
  operations: readonly TimedOperation<RegisterInput>[],
): TimedOperation<RegisterInput>[] {
  const seen = new Set<string>();
  for (const { input } of operations) {
    if (input.kind === 'get' || input.kind === 'noSwap') seen.add(input.value);
    if (input.kind === 'swap') seen.add(input.expected);
  }
  return operations.filter(
    ({ input, returnedAtMs }) =>
      returnedAtMs !== Number.POSITIVE_INFINITY ||
      input.kind === 'get' ||
      input.kind === 'noSwap' ||
      seen.has(input.value),
  );
}
