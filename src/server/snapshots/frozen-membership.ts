import { decodeMember, type Member } from '../../membership/index.js';
import { type ConfState, EMPTY_CONF_STATE, type NodeId } from '../../raft/index.js';
import { Bucket, type FrozenState, recordsOf } from '../../storage/backend/index.js';
import { encodeV2Store } from '../../storage/snap/index.js';
import { decodeConfState } from '../snapshot-file.js';

const CONF_STATE_KEY = 'confState';
const CLUSTER_VERSION_KEY = 'clusterVersion';

/** The membership at the position of a database. */
export interface DatabaseMembership {
  readonly confState: ConfState;
  /** What members before 3.7 read it from (formats.md §3.1). */
  readonly v2Store: Buffer;
}

/**
 * Reads the membership from a frozen state, so that it is that of the very entry the state ends with:
 * what the server knows in memory may be newer.
 */
export async function membershipOf(state: FrozenState): Promise<DatabaseMembership> {
  const members: Member[] = [];
  for (const [, value] of await recordsOf(state, Bucket.members)) {
    members.push(decodeMember(value.toString('utf8')));
  }
  const removedIds: bigint[] = [];
  for (const [key] of await recordsOf(state, Bucket.membersRemoved)) {
    removedIds.push(BigInt(`0x${key.toString('latin1')}`));
  }
  const clusterVersion = (await readValue(state, Bucket.cluster, CLUSTER_VERSION_KEY))?.toString();
  const stored = await readValue(state, Bucket.meta, CONF_STATE_KEY);
  return {
    confState: stored === undefined ? simpleConfState(members) : decodeConfState(stored),
    v2Store: encodeV2Store({ members, removedIds, clusterVersion }),
  };
}

/** The configuration of a database that does not tell it (before 3.5): no change is half done. */
function simpleConfState(members: readonly Member[]): ConfState {
  const idsOf = (isLearner: boolean): bigint[] =>
    members.filter((member) => member.isLearner === isLearner).map((member) => member.id);
  return { ...EMPTY_CONF_STATE, voters: idsOf(false), learners: idsOf(true) };
}

/** Whether a configuration knows the member in any role. */
export function includesMember(confState: ConfState, id: NodeId): boolean {
  const { voters, learners, votersOutgoing, learnersNext } = confState;
  return [voters, learners, votersOutgoing, learnersNext].some((ids) => ids.includes(id));
}

/** The value of a key in a bucket that is small. */
async function readValue(
  state: FrozenState,
  bucket: Bucket,
  name: string,
): Promise<Buffer | undefined> {
  for (const [key, value] of await recordsOf(state, bucket)) {
    if (key.toString('latin1') === name) return value;
  }
  return undefined;
}
