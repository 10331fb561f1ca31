/** A snapshot file cannot be used, or the place for what it holds; the message says why. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}
