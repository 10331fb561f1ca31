import { formatNodeId, type NodeId } from '../types.js';

/** An immutable set of ids, ascending. A handful of elements: an array beats a Set here. */
export type IdSet = readonly NodeId[];

export const EMPTY_ID_SET: IdSet = [];

/** The set of the given ids, in any order and with repetitions. */
export function idSet(ids: Iterable<NodeId>): IdSet {
  return [...new Set(ids)].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
}

/** `set` with `id`. */
export function withId(set: IdSet, id: NodeId): IdSet {
  return set.includes(id) ? set : idSet([...set, id]);
}

/** `set` without `id`. */
export function withoutId(set: IdSet, id: NodeId): IdSet {
  return set.includes(id) ? set.filter((member) => member !== id) : set;
}

/** True if both hold the same ids. */
export function equalIdSets(left: IdSet, right: IdSet): boolean {
  return left.length === right.length && left.every((id, position) => id === right[position]);
}

/** `(1 2 3)`, in hexadecimal. */
export function formatIdSet(set: IdSet): string {
  return `(${set.map(formatNodeId).join(' ')})`;
}
