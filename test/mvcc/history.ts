import type { Random } from '../../src/base/random.js';
import type { MvccStore } from '../../src/mvcc/index.js';
import { type Backend, Bucket } from '../../src/storage/backend/index.js';
import type { Model, ModelOperation } from './model.js';

/** One to three puts and deletes of up to `keys` keys. */
export function randomOperations(
  random: Random,
  keys: number,
  maxValueBytes: number,
): ModelOperation[] {
  return Array.from({ length: 1 + random.below(3) }, (): ModelOperation => {
    const key = `k${random.below(keys)}`;
    if (random.below(4) === 0) return { kind: 'delete', start: key, end: '' };
    return { kind: 'put', key, value: 'v'.repeat(random.below(maxValueBytes)), lease: 0n };
  });
}

/** One transaction, in the store and in the model. */
export function transact(
  store: MvccStore,
  model: Model,
  operations: readonly ModelOperation[],
): void {
  model.transact(operations);
  const transaction = store.begin();
  for (const operation of operations) {
    if (operation.kind === 'delete') transaction.deleteRange(operation.start, operation.end);
    else transaction.put(operation.key, Buffer.from(operation.value), operation.lease);
  }
  transaction.end();
}

/** The keys of the key bucket on disk, in hex. */
export async function keyBucket(backend: Backend): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of backend.scan(Bucket.key, {})) {
    for (const [key] of batch) keys.push(key.toString('hex'));
  }
  return keys;
}

/** What the model says of it. */
export function bucketOf(model: Model): string[] {
  return model.kept.map((change) => change.bucketKey.toString('hex'));
}
