import assert from 'node:assert/strict';
import { describe, hasWritten, type Operation } from './operations.js';
import { FIRST_REVISION, type Revisions } from './revisions.js';

/**
 * Checks operations against all revisions of the store. Answers carry the revision at which they
 * happened, so the one possible order is known, and to accept it takes no search:
 *
 * - each revision is the work of exactly one request, and is that request's changes, no more, no less;
 * - each acknowledged write is there, at the revision of its answer, and only there;
 * - compares held (or did not) in the state right before, reads show the state of their revision;
 * - what was called after something else had returned happened at no lower revision, a write at a
 *   higher one;
 * - serializable reads of one life of a member never go back.
 *
 * With these, the order of the revisions is a linearization of everything, over all keys at once.
 */
export function checkRevisions(revisions: Revisions, operations: readonly Operation[]): void {
  checkOwners(revisions, operations);
  for (const operation of operations) {
    if (operation.answer === undefined) continue;
    if (hasWritten(operation)) checkWrite(revisions, operation, operation.answer.revision);
    else checkRead(revisions, operation);
  }
  const linearizable = operations.filter(({ request }) => !request.isSerializable);
  checkRealTime(linearizable.flatMap((operation) => placeOf(revisions, operation)));
  checkSerializable(operations.filter(({ request }) => request.isSerializable));
}

/** The main revision that a request made, whether or not its client knows, or undefined. */
function madeRevision(revisions: Revisions, { request }: Operation): number | undefined {
  const mark = request.writes.find(({ value }) => value !== undefined);
  if (mark === undefined) return undefined;
  return ownersOf(revisions).get(`${mark.key}=${mark.value}`)?.[0];
}

const knownOwners = new WeakMap<Revisions, Map<string, number[]>>();

/** The revisions in which a value was put, by `key=value`: one at most, if all is well. */
function ownersOf(revisions: Revisions): Map<string, number[]> {
  const known = knownOwners.get(revisions);
  if (known !== undefined) return known;
  const owners = new Map<string, number[]>();
  for (let revision = FIRST_REVISION + 1; revision <= revisions.last; revision++) {
    for (const { key, stored } of revisions.at(revision)) {
      if (stored === undefined) continue;
      const mark = `${key}=${stored.value}`;
      owners.set(mark, [...(owners.get(mark) ?? []), revision]);
    }
  }
  knownOwners.set(revisions, owners);
  return owners;
}

/** Every revision has one request, every request one revision at most. */
function checkOwners(revisions: Revisions, operations: readonly Operation[]): void {
  for (const [mark, made] of ownersOf(revisions)) {
    assert.equal(made.length, 1, `${mark} was put more than once: in revisions ${made.join()}`);
  }
  const owned = new Set<number>();
  for (const operation of operations) {
    const revision = madeRevision(revisions, operation);
    if (revision === undefined) continue;
    assert.ok(!owned.has(revision), `revision ${revision} is also that of ${describe(operation)}`);
    owned.add(revision);
    if (operation.answer === undefined) checkWrite(revisions, operation, revision);
    else {
      const where = `revision ${revision}: ${describe(operation)}`;
      assert.ok(operation.answer.succeeded, `${where}: written in spite of its answer`);
    }
  }
  for (let revision = FIRST_REVISION + 1; revision <= revisions.last; revision++) {
    assert.ok(owned.has(revision), `nobody asked for revision ${revision}`);
  }
}

function checkWrite(revisions: Revisions, operation: Operation, revision: number): void {
  const where = describe(operation);
  assert.ok(revision <= revisions.last, `lost, the store ends at ${revisions.last}: ${where}`);
  const { compares, writes } = operation.request;
  for (const { key, value } of compares) {
    assert.equal(revisions.valueAt(key, revision - 1)?.value, value, `compare of ${key}: ${where}`);
  }
  // A delete of what does not exist changes nothing.
  const wanted = writes.filter(
    ({ key, value }) => value !== undefined || revisions.valueAt(key, revision - 1) !== undefined,
  );
  assert.deepEqual(
    revisions.at(revision).map(({ key, stored }) => ({ key, value: stored?.value })),
    wanted.map(({ key, value }) => ({ key, value })),
    `changes of revision ${revision}: ${where}`,
  );
}

function checkRead(revisions: Revisions, operation: Operation): void {
  const { request, answer } = operation;
  if (answer === undefined) return;
  const where = describe(operation);
  assert.ok(answer.revision <= revisions.last, `the store ends at ${revisions.last}: ${where}`);
  for (const [key, stored] of answer.read) {
    assert.deepEqual(stored, revisions.valueAt(key, answer.revision), `${key}: ${where}`);
  }
  if (request.writes.length > 0) {
    const held = request.compares.every(
      ({ key, value }) => revisions.valueAt(key, answer.revision)?.value === value,
    );
    assert.ok(!held, `the compares held: ${where}`);
  }
}

/** An operation and the revision at which it happened; for a read, that which it saw. */
interface Place {
  readonly operation: Operation;
  readonly revision: number;
  readonly isWrite: boolean;
}

function placeOf(revisions: Revisions, operation: Operation): Place[] {
  const { answer } = operation;
  if (answer !== undefined) {
    return [{ operation, revision: answer.revision, isWrite: hasWritten(operation) }];
  }
  const revision = madeRevision(revisions, operation);
  return revision === undefined ? [] : [{ operation, revision, isWrite: true }];
}

/** Nothing is called after something of a higher revision has returned (a write: of the same). */
function checkRealTime(places: readonly Place[]): void {
  const byReturn = [...places].sort((a, b) => a.operation.returnedAtMs - b.operation.returnedAtMs);
  const byCall = [...places].sort((a, b) => a.operation.calledAtMs - b.operation.calledAtMs);
  let returned = 0;
  let highest: Place | undefined;
  for (const place of byCall) {
    for (; returned < byReturn.length; returned++) {
      const next = byReturn[returned];
      if (next === undefined || next.operation.returnedAtMs >= place.operation.calledAtMs) break;
      if (highest === undefined || next.revision > highest.revision) highest = next;
    }
    const lowest = (highest?.revision ?? 0) + (place.isWrite ? 1 : 0);
    if (place.revision >= lowest || highest === undefined) continue;
    const earlier = `${highest.revision} by ${describe(highest.operation)}`;
    assert.fail(`at ${place.revision}: ${describe(place.operation)}\nafter ${earlier}`);
  }
}

function checkSerializable(operations: readonly Operation[]): void {
  const lives = new Map<string, Place[]>();
  for (const operation of operations) {
    const { answer, life } = operation;
    if (answer === undefined) continue;
    const places = lives.get(life) ?? [];
    places.push({ operation, revision: answer.revision, isWrite: false });
    lives.set(life, places);
  }
  for (const places of lives.values()) checkRealTime(places);
}
