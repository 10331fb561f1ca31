/** What can go wrong with the backend; all extend {@link BackendError}. */
export class BackendError extends Error {
  override readonly name: string = 'BackendError';
}

/** Another process (or another Backend in this one) has the directory open. */
export class BackendLockedError extends BackendError {
  override readonly name = 'BackendLockedError';
}

/** LevelDB cannot read its files. */
export class BackendCorruptError extends BackendError {
  override readonly name = 'BackendCorruptError';
}

/** A write failed; the backend takes nothing more in this process. */
export class BackendFailedError extends BackendError {
  override readonly name = 'BackendFailedError';
}

/** The backend was closed. */
export class BackendClosedError extends BackendError {
  override readonly name = 'BackendClosedError';
}

/** The content is being replaced, or was while a view of the old one was open. */
export class BackendReplacedError extends BackendError {
  override readonly name = 'BackendReplacedError';
}
