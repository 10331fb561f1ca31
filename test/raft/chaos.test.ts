import { test } from 'node:test';
import fc from 'fast-check';
import { Chaos, type ChaosPlan } from './support/chaos.js';

/**
 * Whole groups through lost, doubled, late and reordered messages, partitions, crashes that lose
 * writes, snapshots and changes of membership. After every Ready the safety properties are checked
 * (support/safety.ts), and in the end the group must recover.
 */

const isLong = process.env.KVORUM_TEST_LONG === '1';
const seedText = process.env.KVORUM_TEST_SEED;
const parameters = {
  numRuns: isLong ? 5_000 : 200,
  // The short run is the same every time; the long one looks for new trouble.
  ...(seedText === undefined ? (isLong ? {} : { seed: 1917 }) : { seed: Number(seedText) }),
  ...(isLong ? { interruptAfterTimeLimit: 90_000 } : {}),
};

const raft = fc.record({
  asyncStorageWrites: fc.boolean(),
  preVote: fc.boolean(),
  checkQuorum: fc.boolean(),
  stepDownOnRemoval: fc.boolean(),
  disableProposalForwarding: fc.boolean(),
  electionTicks: fc.constantFrom(3, 5, 10),
  maxMessageSizeBytes: fc.constantFrom(0, 50, 200, 1_000_000),
  maxInflightMessages: fc.constantFrom(1, 2, 5, 512),
  maxCommittedSizeBytes: fc.constantFrom(1, 60, 1_000_000),
  maxUncommittedSizeBytes: fc.constantFrom(100, 1_000_000),
});

const tape = (length: number) =>
  fc.array(fc.nat(0xffff_ffff), { minLength: length / 2, maxLength: length, size: 'max' });

function check(name: string, plan: fc.Arbitrary<ChaosPlan>): void {
  test(name, () => {
    fc.assert(
      fc.property(plan, (chosen) => {
        const chaos = new Chaos(chosen);
        chaos.run();
        chaos.recover();
      }),
      parameters,
    );
  });
}

const steps = tape(2000);

check(
  'three to seven members survive a bad network',
  fc.record({
    members: fc.integer({ min: 3, max: 7 }),
    spares: fc.constant(0),
    raft,
    crashes: fc.constant(0),
    partitions: fc.constantFrom(0, 5, 20),
    changes: fc.constant(0),
    steps,
  }),
);

check(
  'crashes lose nothing that was acknowledged',
  fc.record({
    members: fc.integer({ min: 1, max: 5 }),
    spares: fc.constant(0),
    raft,
    crashes: fc.constantFrom(5, 20, 60),
    partitions: fc.constantFrom(0, 5, 20),
    changes: fc.constant(0),
    steps,
  }),
);

check(
  'membership changes, simple and joint, in the middle of everything',
  fc.record({
    members: fc.integer({ min: 1, max: 4 }),
    spares: fc.integer({ min: 0, max: 3 }),
    raft,
    crashes: fc.constantFrom(0, 10),
    partitions: fc.constantFrom(0, 5),
    changes: fc.constantFrom(20, 60),
    steps,
  }),
);
