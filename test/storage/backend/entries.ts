import type { Backend } from '../../../src/storage/backend/index.js';

/** Entry `index` writes so many records. */
export const recordsOf = (index: number): number => 1 + (index % 4);

export function revisionKey(main: number, sub: number): Buffer {
  const key = Buffer.alloc(17);
  key.writeUInt32BE(main, 4);
  key[8] = 0x5f;
  key.writeUInt32BE(sub, 13);
  return key;
}

export function valueAt(index: number, sub: number): Buffer {
  return Buffer.alloc(20 + ((index * 37 + sub * 11) % 400), index);
}

/** Applies an entry that is known by its index alone: a few records, a counter, index and term. */
export function applyEntry(backend: Backend, index: number): void {
  for (let sub = 0; sub < recordsOf(index); sub++) {
    backend.put('key', revisionKey(index, sub), valueAt(index, sub));
  }
  backend.put('cluster', Buffer.from('last'), Buffer.from(String(index)));
  // One record lives from an odd entry to the next even one.
  if (index % 2 === 1) backend.put('lease', Buffer.from('odd'), Buffer.from(String(index)));
  else backend.delete('lease', Buffer.from('odd'));
  backend.setConsistentIndex(index, 1 + Math.floor(index / 1000));
}

/** What is wrong with the store if it is not just the entries up to its consistent index. */
export async function findInconsistency(backend: Backend): Promise<string | undefined> {
  const last = backend.consistentIndex;
  let index = 1;
  let sub = 0;
  for await (const batch of backend.scan('key')) {
    for (const [key, value] of batch) {
      if (!key.equals(revisionKey(index, sub)))
        return `${key.toString('hex')} after ${index}.${sub}`;
      if (!value.equals(valueAt(index, sub))) return `wrong value at ${index}.${sub}`;
      sub++;
      if (sub < recordsOf(index)) continue;
      sub = 0;
      index++;
    }
  }
  if (index !== last + 1 || sub !== 0) return `records end before ${index}.${sub}, not at ${last}`;
  if (last === 0) return undefined;
  const counter = backend.getSync('cluster', Buffer.from('last'))?.toString();
  if (counter !== String(last)) return `counter ${counter} at ${last}`;
  const odd = backend.getSync('lease', Buffer.from('odd'))?.toString();
  if (odd !== (last % 2 === 1 ? String(last) : undefined)) return `odd is ${odd} at ${last}`;
  if (backend.consistentTerm !== 1 + Math.floor(last / 1000)) return 'wrong term';
  return undefined;
}
