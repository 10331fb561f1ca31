/** A member without data can neither found nor join its cluster; the message says why. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
}
