import { closeSync, openSync } from 'node:fs';
import pino from 'pino';
import type { LogFields, Logger } from '../base/logger.js';
import type { LoggingConfig, LogRotation } from '../config/index.js';
import { RotatingFile } from './rotating-file.js';

/** A logger of the daemon: beside the common interface it has the level that ends the program. */
export interface DaemonLogger extends Logger {
  fatal(message: string, fields?: LogFields): void;
  /** Writes out what is still buffered and closes; to be awaited before the process ends. */
  close(): Promise<void>;
}

interface Destination {
  write(line: string): void;
  close(): Promise<void>;
}

/** Lines beyond this are dropped while an output does not take them (a full pipe, a slow disk). */
const MAXIMUM_BUFFER_BYTES = 16 * 1024 * 1024;

/** How long the end of the process waits for an output that takes nothing any more. */
const CLOSE_TIMEOUT_MS = 1000;

const JOURNAL = 'systemd/journal';
const STANDARD_DESCRIPTORS: Readonly<Record<string, number>> = {
  stdout: 1,
  stderr: 2,
  [JOURNAL]: 2,
};

/** By which the journal knows how important a line is, in front of it (sd-daemon(3)). */
const JOURNAL_PRIORITIES: Readonly<Record<string, string>> = {
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
  fatal: '<2>',
};

/**
 * One of stderr, stdout or a file. Lines are written in order and without holding up the event
 * loop; whoever ends the process waits for `close`.
 * @throws an error of the operating system where a file cannot be opened
 */
function openOutput(output: string, rotation: LogRotation | undefined): Destination {
  const descriptor = STANDARD_DESCRIPTORS[output];
  // What cannot be opened is told here; a stream that opens its file itself tells it later.
  if (descriptor === undefined) closeSync(openSync(output, 'a'));
  const stream = pino.destination({
    dest: descriptor ?? output,
    sync: false,
    append: true,
    maxLength: MAXIMUM_BUFFER_BYTES,
  });
  // A closed pipe or a full disk must not end a daemon.
  stream.on('error', () => {});
  const file =
    rotation === undefined || descriptor !== undefined
      ? undefined
      : new RotatingFile({ ...rotation, path: output }, { stream, unixMs: () => Date.now() });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await file?.settled();
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      setTimeout(resolve, CLOSE_TIMEOUT_MS).unref();
      stream.end();
    });
  };
  return {
    write(line) {
      if (closed === undefined) (file ?? stream).write(line);
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** `2026-01-02T03:04:05.123456Z`; outside UTC the offset comes in place of the Z. */
export function formatTimestamp(microseconds: number, offsetMinutes: number): string {
  const milliseconds = Math.floor(microseconds / 1000) + offsetMinutes * 60_000;
  const date = new Date(milliseconds).toISOString().slice(0, -1);
  const fraction = String(Math.floor(microseconds) % 1000).padStart(3, '0');
  if (offsetMinutes === 0) return `${date}${fraction}Z`;
  const magnitude = Math.abs(offsetMinutes);
  const hours = String(Math.floor(magnitude / 60)).padStart(2, '0');
  const minutes = String(magnitude % 60).padStart(2, '0');
  return `${date}${fraction}${offsetMinutes < 0 ? '-' : '+'}${hours}${minutes}`;
}

/** Wall-clock microseconds: the monotonic clock's resolution, kept to the wall clock's time. */
function microsecondClock(): () => number {
  let origin = performance.timeOrigin;
  return () => {
    const now = Date.now();
    let exact = origin + performance.now();
    if (Math.abs(exact - now) > 2) {
      origin += now - exact;
      exact = now;
    }
    return exact * 1000;
  };
}

/** A JSON line rewritten as zap's console format: tab-separated, the fields as one JSON object. */
export function toConsoleLine(jsonLine: string): string {
  const { level, ts, caller, msg, ...fields } = JSON.parse(jsonLine) as Record<string, unknown>;
  const columns = [ts, level, caller, msg];
  if (Object.keys(fields).length > 0) columns.push(JSON.stringify(fields));
  return `${columns.join('\t')}\n`;
}

function journalPriority(jsonLine: string): string {
  const level = /^\{"level":"(\w+)"/.exec(jsonLine)?.[1] ?? '';
  return JOURNAL_PRIORITIES[level] ?? '<6>';
}

/**
 * The daemon's log in etcd's line shape: level, ts, caller, msg, then the fields
 * (process-contract.md, "Exact log lines").
 */
export function createLogger(config: LoggingConfig, caller: string): DaemonLogger {
  const destinations = config.outputs.map((output) => openOutput(output, config.rotation));
  // The journal takes what comes from a service's standard error, and its priority from a prefix.
  const isJournal = config.outputs.includes(JOURNAL) && process.env.JOURNAL_STREAM !== undefined;
  const nowMicroseconds = microsecondClock();
  const write = (line: string): void => {
    const plain = config.format === 'console' ? toConsoleLine(line) : line;
    const shown = isJournal ? `${journalPriority(line)}${plain}` : plain;
    for (const destination of destinations) destination.write(shown);
  };
  const root = pino(
    {
      level: config.level,
      base: null,
      timestamp() {
        const microseconds = nowMicroseconds();
        const offset = -new Date(microseconds / 1000).getTimezoneOffset();
        return `,"ts":"${formatTimestamp(microseconds, offset)}"`;
      },
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  const close = async (): Promise<void> => {
    await Promise.all(destinations.map((destination) => destination.close()));
  };
  const wrap = (inner: pino.Logger): DaemonLogger => ({
    // The message goes in as a field, because pino would put it behind the other fields.
    debug: (msg, fields) => inner.debug({ msg, ...fields }),
    info: (msg, fields) => inner.info({ msg, ...fields }),
    warn: (msg, fields) => inner.warn({ msg, ...fields }),
    error: (msg, fields) => inner.error({ msg, ...fields }),
    fatal: (msg, fields) => inner.fatal({ msg, ...fields }),
    child: (name) => wrap(root.child({ caller: name })),
    close,
  });
  return wrap(root.child({ caller }));
}

/** Where lines go before the configuration says otherwise. */
export const INITIAL_LOGGING: LoggingConfig = {
  level: 'info',
  format: 'json',
  outputs: ['stderr'],
  rotation: undefined,
};
