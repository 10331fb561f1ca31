import type { NodeId } from '../../../src/raft/index.js';
import { EMPTY_ID_SET, type IdSet, idSet } from '../../../src/raft/quorum/id-set.js';
import { jointCommittedIndex, jointIds, jointVoteResult } from '../../../src/raft/quorum/joint.js';
import { majorityCommittedIndex, majorityVoteResult } from '../../../src/raft/quorum/majority.js';
import { argumentValues, type Block } from './datadriven.js';

/** The commands of quorum scenarios, each with checks against other ways to the same result. */

type Acks = ReadonlyMap<NodeId, number>;

function formatIndex(index: number): string {
  return index === Number.POSITIVE_INFINITY ? '∞' : String(index);
}

/** A bar chart of the acknowledged indexes. */
function describeAcks(voters: IdSet, acks: Acks): string {
  if (voters.length === 0) return '<empty majority quorum>';
  const width = voters.length;
  const ascending = [...voters].sort((left, right) => {
    const difference = (acks.get(left) ?? 0) - (acks.get(right) ?? 0);
    return difference !== 0 ? difference : left < right ? -1 : 1;
  });
  let text = `${' '.repeat(width)}    idx\n`;
  for (const id of voters) {
    const index = acks.get(id);
    const rank = ascending.findIndex((other) => (acks.get(other) ?? 0) === (index ?? 0));
    const bar =
      index === undefined
        ? `?${' '.repeat(width)}`
        : `${'x'.repeat(rank)}>${' '.repeat(width - rank)}`;
    text += `${bar} ${String(index ?? 0).padStart(5)}    (id=${id.toString(16)})\n`;
  }
  return text;
}

/** The committed index by definition: the highest that enough voters have reached. */
function committedByCounting(voters: IdSet, acks: Acks): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const quorum = Math.floor(voters.length / 2) + 1;
  const reached = (index: number): boolean =>
    voters.filter((id) => (acks.get(id) ?? 0) >= index).length >= quorum;
  return Math.max(0, ...[...acks.values()].filter(reached));
}

/** The values given per voter, in the order in which the voters are first named; `_` is none. */
function assign(ids: readonly NodeId[], values: readonly string[]): Map<NodeId, string> {
  const assigned = new Map<NodeId, string>();
  let next = 0;
  for (const id of new Set(ids)) {
    const value = values[next++] ?? '_';
    if (value !== '_') assigned.set(id, value);
  }
  return assigned;
}

function committed(voters: IdSet, outgoing: IdSet | undefined, acks: Acks): string {
  const ack = (id: NodeId): number | undefined => acks.get(id);
  if (outgoing !== undefined) {
    const joint = { incoming: voters, outgoing };
    const index = jointCommittedIndex(joint, ack);
    let text = describeAcks(jointIds(joint), acks);
    const mirrored = jointCommittedIndex({ incoming: outgoing, outgoing: voters }, ack);
    if (mirrored !== index) text += `${formatIndex(mirrored)} <-- via symmetry\n`;
    return `${text}${formatIndex(index)}\n`;
  }
  const index = majorityCommittedIndex(voters, ack);
  let text = describeAcks(voters, acks);
  const check = (other: number, how: string): void => {
    if (other !== index) text += `${formatIndex(other)} <-- via ${how}\n`;
  };
  check(committedByCounting(voters, acks), 'counting');
  check(jointCommittedIndex({ incoming: voters, outgoing: EMPTY_ID_SET }, ack), 'zero-joint');
  check(jointCommittedIndex({ incoming: voters, outgoing: voters }, ack), 'self-joint');
  for (const id of voters) {
    const own = acks.get(id) ?? 0;
    if (index <= own || own === 0) continue;
    for (const lower of [own - 1, 0]) {
      const lowered = new Map([...acks, [id, lower]]);
      check(
        majorityCommittedIndex(voters, (other) => lowered.get(other)),
        `lower ${id}`,
      );
    }
  }
  return `${text}${formatIndex(index)}\n`;
}

function vote(voters: IdSet, outgoing: IdSet | undefined, votes: Map<NodeId, boolean>): string {
  if (outgoing === undefined) return majorityVoteResult(voters, votes);
  const result = jointVoteResult({ incoming: voters, outgoing }, votes);
  const mirrored = jointVoteResult({ incoming: outgoing, outgoing: voters }, votes);
  return mirrored === result ? result : `${mirrored} <-- via symmetry\n${result}`;
}

/** Runs one block of a quorum scenario. */
export function runQuorumBlock(block: Block): string {
  const ids = argumentValues(block, 'cfg').map(BigInt);
  const joint = block.args.find(({ key }) => key === 'cfgj');
  const outgoingIds = (joint?.values ?? []).filter((value) => value !== 'zero').map(BigInt);
  const voters = idSet(ids);
  const outgoing = joint === undefined ? undefined : idSet(outgoingIds);
  const values = argumentValues(block, block.command === 'vote' ? 'votes' : 'idx');
  const expectedCount = new Set([...ids, ...outgoingIds]).size;
  if (values.length !== expectedCount) {
    const list = jointIds({ incoming: voters, outgoing: outgoing ?? EMPTY_ID_SET });
    return `error: mismatched input (explicit or _) for voters [${list}]: [${values}]`;
  }
  const assigned = assign([...ids, ...outgoingIds], values);
  if (block.command === 'committed') {
    const acks = new Map([...assigned].map(([id, value]) => [id, Number(value)]));
    return committed(voters, outgoing, acks);
  }
  if (block.command === 'vote') {
    const votes = new Map([...assigned].map(([id, value]) => [id, value === 'y']));
    return vote(voters, outgoing, votes);
  }
  throw new Error(`unknown command ${block.command}`);
}
