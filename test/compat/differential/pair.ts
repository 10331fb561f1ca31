import { isDeepStrictEqual } from 'node:util';
import { CleanupList } from '../../support/cleanup.js';
import { type Member, startMember } from '../../support/member.js';
import { type Program as Executable, etcdVersion } from '../../support/programs.js';
import { Executor } from './executor.js';
import { capabilitiesOf, isKnownDifference } from './known-differences.js';
import type { Program, Step, StepResult } from './program.js';

/** The first step at which two servers differed. */
export interface Difference {
  /** -1 for the emptying before the program, `steps.length` for the end of the watches. */
  position: number;
  step: Step | undefined;
  /** What the server under test gave. */
  tested: StepResult;
  /** What the real etcd gave. */
  expected: StepResult;
}

const TIMED_OUT = 'etcdserver: request timed out';

/**
 * Whether the oracle gave up a request that the server under test answered. etcd does so on a slow disk,
 * and when Raft drops a change of the members that follows another one too closely.
 */
export function oracleTimedOut(difference: Difference | string): boolean {
  if (typeof difference === 'string') return false;
  const { tested, expected } = difference;
  return (
    JSON.stringify(expected).includes(TIMED_OUT) && !JSON.stringify(tested).includes(TIMED_OUT)
  );
}

const MEMBER_FLAGS = ['--max-txn-ops=128', '--bcrypt-cost=4'];

/** Two fresh members that are given the same programs, and therefore have the same history. */
export class ServerPair {
  readonly versions: readonly [tested: string, oracle: string];
  private readonly cleanup: CleanupList;
  private readonly members: readonly [Member, Member];
  private readonly executors: readonly [Executor, Executor];

  private constructor(
    versions: readonly [string, string],
    cleanup: CleanupList,
    members: readonly [Member, Member],
    executors: readonly [Executor, Executor],
  ) {
    this.versions = versions;
    this.cleanup = cleanup;
    this.members = members;
    this.executors = executors;
  }

  /** Starts both. `close` ends them. */
  static async start(tested: Executable, oracle: Executable): Promise<ServerPair> {
    const cleanup = new CleanupList();
    const versions = [etcdVersion(tested), etcdVersion(oracle)] as const;
    try {
      const members = await Promise.all([
        startMember(cleanup, { program: tested, flags: MEMBER_FLAGS }),
        startMember(cleanup, { program: oracle, flags: MEMBER_FLAGS }),
      ]);
      const executors = await Promise.all([
        Executor.connect(members[0], capabilitiesOf(versions[0])),
        Executor.connect(members[1], capabilitiesOf(versions[1])),
      ]);
      return new ServerPair(versions, cleanup, members, executors);
    } catch (error) {
      await cleanup.run();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const executor of this.executors) executor.close();
    await this.cleanup.run();
  }

  /** Runs a program on both and stops at the first difference. After one the pair is of no more use. */
  async run(program: Program): Promise<Difference | undefined> {
    const compare = async (
      position: number,
      step: Step | undefined,
      action: (executor: Executor) => Promise<StepResult>,
    ): Promise<Difference | undefined> => {
      const [tested, expected] = await Promise.all(this.executors.map(failuresAsResults(action)));
      this.throwIfEnded(step);
      if (tested === undefined || expected === undefined) throw new Error('two results expected');
      // What shows that the comparison itself went wrong counts even when both agree.
      const isSound = !/"(complaints|failure)":/.test(JSON.stringify([tested, expected]));
      if (isSound && isDeepStrictEqual(tested, expected)) return undefined;
      if (isKnownDifference(this.versions, step, tested, expected)) return undefined;
      return { position, step, tested, expected };
    };
    const atStart = await compare(-1, undefined, (executor) => executor.begin(program.lockstep));
    if (atStart !== undefined) return atStart;
    for (const [position, step] of program.steps.entries()) {
      const difference = await compare(position, step, (executor) => executor.run(step));
      if (difference !== undefined) return difference;
    }
    return compare(program.steps.length, undefined, (executor) => executor.end());
  }

  /** A server that died is a finding of its own, whichever it is. */
  private throwIfEnded(step: Step | undefined): void {
    for (const member of this.members) {
      if (member.isRunning) continue;
      throw new ServerEndedError(
        `${member.program.label} ended at ${JSON.stringify(step)}; it wrote:\n${member.output}`,
      );
    }
  }
}

/** A server process ended while a program ran. */
export class ServerEndedError extends Error {}

function failuresAsResults(action: (executor: Executor) => Promise<StepResult>) {
  return async (executor: Executor): Promise<StepResult> => {
    try {
      return await action(executor);
    } catch (error) {
      return { failure: String(error) };
    }
  };
}
