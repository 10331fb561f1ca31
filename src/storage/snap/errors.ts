/** A snapshot file that cannot be used: empty, damaged, or with a wrong checksum. */
export class SnapFileError extends Error {
  override readonly name = 'SnapFileError';
}
