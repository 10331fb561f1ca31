import type { LogFields, Logger } from '../../base/logger.js';
import type { OptionValues } from '../etcdctl/options.js';
import type { Terminal } from '../etcdctl/terminal.js';

/** What commands of `etcdutl` work with. */
export interface UtlContext {
  readonly terminal: Pick<Terminal, 'write' | 'writeError'>;
  readonly options: OptionValues;
  /** Writes to stderr. */
  readonly logger: Logger;
}

/** Lines for people: time, level, where it comes from, what, fields as JSON. */
export function consoleLogger(write: (text: string) => void, caller = 'etcdutl'): Logger {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const time = `${new Date().toISOString().slice(0, 19)}Z`;
      const json = Object.keys(fields).length === 0 ? '' : `\t${JSON.stringify(fields)}`;
      write(`${time}\t${level}\t${caller}\t${message}${json}\n`);
    };
  return {
    debug: () => {},
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (name) => consoleLogger(write, name),
  };
}
