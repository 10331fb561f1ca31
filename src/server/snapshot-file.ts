import type { ConfState } from '../raft/index.js';

/** The `confState` of the meta bucket: etcd's JSON, ids as bare numbers, empty lists left out. */
export function encodeConfState(state: ConfState): Buffer {
  const parts: string[] = [];
  const addList = (name: string, ids: readonly bigint[]): void => {
    if (ids.length > 0) parts.push(`"${name}":[${ids.join(',')}]`);
  };
  addList('voters', state.voters);
  addList('learners', state.learners);
  addList('voters_outgoing', state.votersOutgoing);
  addList('learners_next', state.learnersNext);
  parts.push(`"auto_leave":${state.autoLeave}`);
  return Buffer.from(`{${parts.join(',')}}`);
}
