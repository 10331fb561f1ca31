import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../src/proto/generated/mvccpb.js';
import { checkLinearizability, type TimedOperation } from './support/linearizability.js';
import type { Answer, Operation, Request, StoredValue } from './support/operations.js';
import { checkRegisters, type RegisterInput, registerModel } from './support/register.js';
import { checkRevisions } from './support/revision-check.js';
import { Revisions } from './support/revisions.js';

const NEVER = Number.POSITIVE_INFINITY;

type Row = [calledAtMs: number, returnedAtMs: number, input: RegisterInput];

const put = (value: string): RegisterInput => ({ kind: 'put', value });
const get = (value: string): RegisterInput => ({ kind: 'get', value });
const swap = (expected: string, value: string): RegisterInput => ({
  kind: 'swap',
  expected,
  value,
});

function verdictOf(...rows: readonly Row[]): string {
  const operations = rows.map(([calledAtMs, returnedAtMs, input]) => ({
    calledAtMs,
    returnedAtMs,
    input,
  }));
  return checkLinearizability(registerModel, operations);
}

test('a register: overlapping operations may take either order', () => {
  assert.equal(verdictOf([0, 9, put('a')], [1, 2, get('')], [3, 4, get('a')]), 'linearizable');
  assert.equal(
    verdictOf([0, 9, put('a')], [0, 9, put('b')], [1, 2, get('b')], [3, 4, get('a')]),
    'linearizable',
  );
});

test('a register: a stale read is rejected', () => {
  assert.equal(verdictOf([0, 1, put('a')], [2, 3, get('')]), 'not linearizable');
  assert.equal(verdictOf([0, 9, put('a')], [1, 2, get('a')], [3, 4, get('')]), 'not linearizable');
});

test('a register: a lost acknowledged write is rejected', () => {
  assert.equal(verdictOf([0, 1, put('a')], [2, 3, put('b')], [4, 5, get('a')]), 'not linearizable');
});

test('a register: a lost update (two swaps from one value) is rejected', () => {
  assert.equal(
    verdictOf([0, 1, put('a')], [2, 5, swap('a', 'b')], [2, 5, swap('a', 'c')]),
    'not linearizable',
  );
});

test('a register: a write without an answer may happen late or never, but only once', () => {
  const unknown: Row = [0, NEVER, put('a')];
  assert.equal(verdictOf(unknown, [5, 6, get('')], [7, 8, get('a')]), 'linearizable');
  assert.equal(verdictOf(unknown, [5, 6, get('')]), 'linearizable');
  assert.equal(
    verdictOf(unknown, [5, 6, get('a')], [7, 8, put('b')], [9, 10, get('a')]),
    'not linearizable',
  );
});

test('the search finds what trying all orders finds', () => {
  const value = fc.constantFrom('', 'a', 'b');
  const input: fc.Arbitrary<RegisterInput> = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), value }),
    fc.record({ kind: fc.constant('get' as const), value }),
    fc.record({ kind: fc.constant('swap' as const), expected: value, value }),
    fc.record({ kind: fc.constant('noSwap' as const), expected: value, value }),
  );
  const operation = fc
    .tuple(fc.nat(12), fc.nat(5), fc.boolean(), input)
    .map(([calledAtMs, duration, isAnswered, of]) => ({
      calledAtMs,
      returnedAtMs: isAnswered ? calledAtMs + duration : NEVER,
      input: of,
    }));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
      const expected = tryAllOrders(operations, '') ? 'linearizable' : 'not linearizable';
      assert.equal(checkLinearizability(registerModel, operations), expected);
    }),
    { numRuns: 1000 },
  );
});

/** The slow twin: any operation that was not called after another's return may come first. */
function tryAllOrders(rest: readonly TimedOperation<RegisterInput>[], state: string): boolean {
  if (rest.every(({ returnedAtMs }) => returnedAtMs === NEVER)) return true;
  const firstReturnMs = Math.min(...rest.map(({ returnedAtMs }) => returnedAtMs));
  return rest.some((operation) => {
    if (operation.calledAtMs > firstReturnMs) return false;
    const after = registerModel.step(state, operation.input);
    if (after === undefined) return false;
    return tryAllOrders(
      rest.filter((other) => other !== operation),
      after,
    );
  });
}

/** A store that is what it should be, and what its clients saw; tests then spoil one or the other. */
class Script {
  readonly operations: Operation[] = [];
  readonly events: Event[] = [];
  private readonly state = new Map<string, StoredValue>();
  private revision = 1;
  private nowMs = 0;

  /** A request that is answered before the next one begins. */
  run(request: Partial<Request>): Operation {
    const whole = { compares: [], writes: [], reads: [], isSerializable: false, ...request };
    const operation: Operation = {
      client: 'c',
      life: 'm',
      request: whole,
      calledAtMs: this.nowMs,
      returnedAtMs: this.nowMs + 1,
      answer: this.answer(whole),
    };
    this.nowMs += 2;
    this.operations.push(operation);
    return operation;
  }

  /** As `run`, but nobody hears of the outcome. */
  runUnanswered(request: Partial<Request>): Operation {
    const operation = this.run(request);
    operation.answer = undefined;
    operation.returnedAtMs = NEVER;
    return operation;
  }

  check(): void {
    const revisions = new Revisions();
    revisions.append(this.events);
    checkRegisters(this.operations);
    checkRevisions(revisions, this.operations);
  }

  private answer({ compares, writes, reads }: Request): Answer {
    const holds = compares.every(({ key, value }) => this.state.get(key)?.value === value);
    if (!holds || writes.length === 0) {
      const keys = holds ? reads : compares.map(({ key }) => key);
      const read = new Map(keys.map((key) => [key, this.state.get(key)]));
      return { revision: this.revision, succeeded: holds, read };
    }
    this.revision++;
    for (const { key, value } of writes) this.write(key, value);
    return { revision: this.revision, succeeded: true, read: new Map() };
  }

  private write(key: string, value: string | undefined): void {
    const before = this.state.get(key);
    if (value === undefined && before === undefined) return;
    const stored = {
      value: value ?? '',
      createRevision: before?.createRevision ?? this.revision,
      modRevision: this.revision,
      version: (before?.version ?? 0) + 1,
    };
    if (value === undefined) this.state.delete(key);
    else this.state.set(key, stored);
    const kv = { ...stored, key: Buffer.from(key), value: Buffer.from(stored.value), lease: 0n };
    this.events.push({ type: value === undefined ? 1 : 0, kv, prevKv: undefined });
  }
}

function smallScript(): Script {
  const script = new Script();
  script.run({ writes: [{ key: 'a', value: '1' }] });
  script.run({ reads: ['a'] });
  script.run({ compares: [{ key: 'a', value: '1' }], writes: [{ key: 'a', value: '2' }] });
  script.run({ compares: [{ key: 'a', value: '1' }], writes: [{ key: 'a', value: '3' }] });
  script.run({
    writes: [
      { key: 'x', value: '4' },
      { key: 'y', value: '4' },
    ],
  });
  script.runUnanswered({
    writes: [
      { key: 'x', value: undefined },
      { key: 'y', value: '5' },
    ],
  });
  script.run({ reads: ['x', 'y', 'none'] });
  script.run({ reads: ['y'], isSerializable: true });
  return script;
}

/** A script in which the answer of one operation is another one. */
function spoiled(index: number, change: (answer: Answer) => Partial<Answer>): Script {
  const script = smallScript();
  const operation = script.operations[index];
  assert.ok(operation?.answer !== undefined);
  operation.answer = { ...operation.answer, ...change(operation.answer) };
  return script;
}

test('revisions: a right history is accepted', () => {
  smallScript().check();
});

test('revisions: a lost acknowledged write is rejected', () => {
  const script = smallScript();
  const lost = script.run({ writes: [{ key: 'a', value: '9' }] });
  script.events.pop();
  assert.ok(lost.answer !== undefined);
  assert.throws(() => script.check(), /lost, the store ends at/);
});

test('revisions: a write that was applied twice is rejected', () => {
  const script = smallScript();
  const once = script.runUnanswered({ writes: [{ key: 'b', value: '9' }] });
  script.run(once.request);
  script.operations.pop();
  assert.throws(() => script.check(), /b=9 was put more than once/);
});

test('revisions: a lost update is rejected', () => {
  const script = spoiled(3, () => ({ succeeded: true, revision: 3, read: new Map() }));
  assert.throws(() => script.check());
  const revisions = new Revisions();
  revisions.append(script.events);
  assert.throws(() => checkRevisions(revisions, script.operations), /compare of a|changes of/);
});

test('revisions: a stale read is rejected, and so is a wrong one', () => {
  const { answer } = smallScript().operations[1] ?? {};
  const script = smallScript();
  script.run({ reads: ['a'] });
  const last = script.operations.at(-1);
  assert.ok(last !== undefined && answer !== undefined);
  last.answer = answer;
  const revisions = new Revisions();
  revisions.append(script.events);
  assert.throws(() => checkRevisions(revisions, script.operations), /after 5 by/);
  assert.throws(() => checkRegisters(script.operations), /a is not linearizable/);
  const wrong = spoiled(6, ({ revision }) => ({ revision: revision - 1 }));
  assert.throws(() => wrong.check());
});

test('revisions: half a transaction is rejected', () => {
  const script = smallScript();
  script.events.splice(3, 1);
  assert.throws(() => script.check());
});

test('revisions: a serializable read may be old, but not go back', () => {
  const old = spoiled(7, () => ({ revision: 2, read: new Map([['y', undefined]]) }));
  old.check();
  const before = old.run({ reads: ['y'], isSerializable: true });
  old.check();
  assert.ok(before.answer !== undefined);
  before.answer = { ...before.answer, revision: 1, read: new Map([['y', undefined]]) };
  assert.throws(() => old.check(), /at 1: /);
});

test('revisions: what nobody asked for is rejected', () => {
  const script = smallScript();
  script.run({ writes: [{ key: 'b', value: '9' }] });
  script.operations.pop();
  assert.throws(() => script.check(), /nobody asked for revision/);
});

test('a watcher that misses a revision, or gets one twice, is told', () => {
  const { events } = smallScript();
  const missing = new Revisions();
  assert.throws(() => missing.append(events.slice(1)), /revision 3 came after 1/);
  const twice = new Revisions();
  twice.append(events);
  assert.throws(() => twice.append(events.slice(-1)), /came after/);
});
