/**
 * The buckets of the store, as etcd names them (formats.md §4). In LevelDB they share one keyspace:
 * a record's key is one byte for the bucket and then the key. The bytes ascend as the names do, so a
 * walk over LevelDB meets the buckets in bbolt's order.
 */
export const BUCKET_PREFIXES = {
  alarm: 1,
  auth: 2,
  authRoles: 3,
  authUsers: 4,
  cluster: 5,
  key: 6,
  lease: 7,
  members: 8,
  members_removed: 9,
  meta: 10,
} as const;

/** The name of a bucket. */
export type BucketName = keyof typeof BUCKET_PREFIXES;

/** The buckets by name; `Bucket.key` and `'key'` are the same. In bbolt's order. */
export const Bucket = {
  alarm: 'alarm',
  auth: 'auth',
  authRoles: 'authRoles',
  authUsers: 'authUsers',
  cluster: 'cluster',
  key: 'key',
  lease: 'lease',
  members: 'members',
  membersRemoved: 'members_removed',
  meta: 'meta',
} as const satisfies Record<string, BucketName>;

export type Bucket = BucketName;

/** All buckets, in bbolt's order. */
export const BUCKET_NAMES: readonly BucketName[] = Object.values(Bucket);

/**
 * The store's own records, which no snapshot carries. They change with every batch, as the meta bucket
 * does, so they stand beside it, behind the keys: below them, each of LevelDB's tables of new
 * revisions would span all older ones, and every compaction would rewrite the whole store.
 */
export const LOCAL_PREFIX = 11;

/** Where they were in stores of earlier versions. */
export const OLD_LOCAL_PREFIX = 0;

/** The local record that tells how far a frozen state goes, see frozentables.ts. */
export const MARK_KEY = Buffer.from('mark');

/** Keys of the meta bucket that the backend writes itself. */
export const CONSISTENT_INDEX_KEY = Buffer.from('consistent_index');
export const TERM_KEY = Buffer.from('term');
