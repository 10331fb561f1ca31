/** TLS cannot be set up, or a connection was refused; the message says why, in Go's words. */
export class TlsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TlsError';
  }
}
