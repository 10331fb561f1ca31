import { crc32c } from '../base/crc32c.js';
import { type Backend, BUCKET_NAMES, Bucket } from '../storage/backend/index.js';

/** Differs between members with the same content, so it does not count (formats.md §9). */
const LEFT_OUT = ['consistent_index', 'term', 'storageVersion'].map((name) => Buffer.from(name));

/** CRC-32C over names, keys and values of all buckets, on one consistent view, in slices. */
export async function hashBuckets(backend: Backend): Promise<number> {
  const snapshot = await backend.snapshot();
  let hash = 0;
  try {
    for (const bucket of BUCKET_NAMES) {
      hash = crc32c(Buffer.from(bucket), hash);
      for await (const batch of snapshot.scan(bucket)) {
        for (const [key, value] of batch) {
          if (bucket === Bucket.meta && LEFT_OUT.some((left) => left.equals(key))) continue;
          hash = crc32c(value, crc32c(key, hash));
        }
      }
    }
  } finally {
    await snapshot.close();
  }
  return hash;
}
