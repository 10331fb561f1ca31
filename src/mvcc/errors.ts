/** The revision asked for has been compacted away (etcd: `mvcc: required revision has been compacted`). */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  /** The compaction revision that is in the way. */
  readonly compactRevision: number;

  constructor(compactRevision: number) {
    super('mvcc: required revision has been compacted');
    this.compactRevision = compactRevision;
  }
}

/** The revision asked for does not exist yet (etcd: `mvcc: required revision is a future revision`). */
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
  readonly currentRevision: number;

  constructor(currentRevision: number) {
    super('mvcc: required revision is a future revision');
    this.currentRevision = currentRevision;
  }
}

/** What the record store holds contradicts the index: the store must stop rather than answer wrongly. */
export class CorruptStoreError extends Error {
  override readonly name = 'CorruptStoreError';
}

/** The store was closed, or its content replaced, while a sliced operation was under way. */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError';
  constructor() {
    super('mvcc: the store is closed or was replaced');
  }
}

/** The content is being replaced by a leader's snapshot: the call is possible again once it is loaded. */
export class StoreReloadingError extends Error {
  override readonly name = 'StoreReloadingError';
  constructor() {
    super('mvcc: the store is being replaced by a snapshot');
  }
}
