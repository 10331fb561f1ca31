/** Bytes from another member that are not what the protocol says (formats.md §7.4). */
export class PeerProtocolError extends Error {
  override readonly name: string = 'PeerProtocolError';
}

/** A frame whose length prefix, or whose number of entries, is beyond the limit. The text is etcd's. */
export class FrameTooLargeError extends PeerProtocolError {
  override readonly name = 'FrameTooLargeError';

  constructor() {
    super('rafthttp: error limit exceeded');
  }
}

/** The bytes ended within a frame. The text is the one Go has for it. */
export class FrameTruncatedError extends PeerProtocolError {
  override readonly name = 'FrameTruncatedError';

  constructor() {
    super('unexpected EOF');
  }
}

/** A request to another member failed: no connection, no answer in time, or not the wanted answer. */
export class PeerRequestError extends Error {
  override readonly name = 'PeerRequestError';
  /** The status of the answer, if there was one. */
  readonly status: number | undefined;
  /** The body of the answer, without the line end that Go's errors have. */
  readonly body: string;

  constructor(message: string, status?: number, body = '') {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** Text that is no URL of a peer. */
export class PeerUrlError extends Error {
  override readonly name = 'PeerUrlError';
}
