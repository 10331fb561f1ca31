/** Fields of one log line beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What rooms log through. The daemon backs it with pino in etcd's line shape (level, ts, caller,
 * msg); tests and the simulation pass {@link silentLogger} or a recording one.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines name `caller` as their origin, for example `mvcc/compaction`. */
  child(caller: string): Logger;
}

/** Drops everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
