/** A snapshot from a leader that was not taken; nothing has changed. */
export class SnapshotRefusedError extends Error {
  override readonly name = 'SnapshotRefusedError';
}
