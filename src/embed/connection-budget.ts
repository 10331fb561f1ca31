import { StartError } from '../config/index.js';
import { ConnectionLimit } from '../transport/index.js';

/** Files that connections never get: those of the log, of the database, of what the member dials. */
const RESERVED_FILES = 150;
/** Of the rest, the share of other members, and the same for those who watch. */
const SIDE_SHARE = 1 / 8;
const MAX_SIDE_CONNECTIONS = 1000;

/**
 * How many connections each side may have, so that none takes the files of another's, or of the data.
 * Etcd reserves as many files, but bounds the clients alone (its embed package, LimitListener).
 */
export interface ConnectionBudget {
  readonly client: ConnectionLimit;
  readonly peer: ConnectionLimit;
  readonly metrics: ConnectionLimit;
}

/**
 * Shares out the files that the process may open.
 * @throws StartError if they are too few
 */
export function connectionBudget(maxOpenFiles: number): ConnectionBudget {
  if (maxOpenFiles <= RESERVED_FILES) throw tooFew(maxOpenFiles);
  const available = maxOpenFiles - RESERVED_FILES;
  const side = Math.min(MAX_SIDE_CONNECTIONS, Math.ceil(available * SIDE_SHARE));
  return {
    client: new ConnectionLimit(Math.max(1, available - 2 * side)),
    peer: new ConnectionLimit(side),
    metrics: new ConnectionLimit(side),
  };
}

/** In the words of etcd. */
function tooFew(limit: number): StartError {
  const message = 'file descriptor limit of etcd process is too low; please set higher';
  const fields = { limit, 'recommended-limit': RESERVED_FILES };
  return new StartError(message, 1, { line: { level: 'fatal', message, fields } });
}
