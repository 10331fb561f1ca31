/** Commit indexes wait for the entries of the next write, and for nothing longer. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { createMessage, EntryType, type Message, MessageType } from '../../src/raft/index.js';
import { CommitHold } from '../../src/server/commit-hold.js';
import { ManualClock } from '../support/manual-clock.js';

const FOLLOWER = 2n;
const entry = { type: EntryType.normal, term: 1, index: 0, data: Buffer.from('write') };

const write = (index: number, commit: number, to = FOLLOWER): Message =>
  createMessage({ type: MessageType.append, to, term: 1, index, commit, entries: [entry] });
const commitOnly = (index: number, commit: number, to = FOLLOWER): Message =>
  createMessage({ type: MessageType.append, to, term: 1, index, commit });

describe('an append without entries', () => {
  let clock: ManualClock;
  let later: Message[];
  let hold: CommitHold;

  beforeEach(() => {
    clock = new ManualClock();
    later = [];
    hold = new CommitHold({ clock, send: (messages) => later.push(...messages) });
  });

  /** Two writes within a millisecond. */
  const startStream = (): void => {
    hold.pass([write(1, 0)]);
    clock.advance(1);
    hold.pass([write(2, 1)]);
  };

  it('leaves at once after a single write', () => {
    hold.pass([write(1, 0)]);
    const told = commitOnly(2, 2);
    assert.deepEqual(hold.pass([told]), [told]);
  });

  it('is left out if the next write follows closely', () => {
    startStream();
    assert.deepEqual(hold.pass([commitOnly(3, 3)]), []);
    const next = write(3, 3);
    assert.deepEqual(hold.pass([next]), [next]);
    clock.advance(100);
    assert.deepEqual(later, []);
  });

  it('leaves a millisecond later if none follows', () => {
    startStream();
    const [first, newer, other] = [commitOnly(3, 2), commitOnly(3, 3), commitOnly(3, 3, 3n)];
    assert.deepEqual(hold.pass([first]), []);
    assert.deepEqual(hold.pass([newer, other]), []);
    clock.advance(1);
    assert.deepEqual(later, [newer, other]);
  });

  it('goes before any other message to the same member', () => {
    startStream();
    const held = commitOnly(3, 3);
    hold.pass([held]);
    const answer = createMessage({ type: MessageType.readIndexResponse, to: FOLLOWER, index: 3 });
    const toAnother = { ...answer, to: 3n };
    assert.deepEqual(hold.pass([toAnother]), [toAnother]);
    assert.deepEqual(hold.pass([answer]), [held, answer]);
  });

  it('is not left out for an append that says less', () => {
    startStream();
    const held = commitOnly(9, 9);
    hold.pass([held]);
    const again = write(4, 9);
    assert.deepEqual(hold.pass([again]), [held, again]);
  });

  it('leaves at once to a member that has passed on a write of its own client', () => {
    startStream();
    hold.received([createMessage({ type: MessageType.propose, entries: [entry] }, FOLLOWER)]);
    const told = commitOnly(3, 3);
    assert.deepEqual(hold.pass([told, commitOnly(3, 3, 3n)]), [told]);
  });

  it('is forgotten with its member, and at the end', () => {
    startStream();
    hold.pass([commitOnly(3, 3)]);
    hold.forget(FOLLOWER);
    hold.pass([commitOnly(3, 3, 3n)]);
    hold.stop();
    clock.advance(10);
    assert.deepEqual(later, []);
  });
});
