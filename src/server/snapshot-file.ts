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

/**
 * Reads what {@link encodeConfState}, or a real etcd, wrote. Throws SyntaxError for what is no
 * configuration.
 */
export function decodeConfState(json: Buffer): ConfState {
  // Ids exceed what JSON.parse keeps of a number: quote them.
  const parsed: unknown = JSON.parse(json.toString('utf8').replace(/([[,]\s*)(\d+)/g, '$1"$2"'));
  if (typeof parsed !== 'object' || parsed === null) throw new SyntaxError('not a configuration');
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const ids = (name: string): bigint[] => {
    const list = fields.get(name) ?? [];
    if (!Array.isArray(list)) throw new SyntaxError(`${name} is not a list`);
    return list.map((id: unknown) => BigInt(String(id)));
  };
  return {
    voters: ids('voters'),
    learners: ids('learners'),
    votersOutgoing: ids('voters_outgoing'),
    learnersNext: ids('learners_next'),
    autoLeave: fields.get('auto_leave') === true,
  };
}
