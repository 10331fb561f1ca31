import { existsSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { type Random, systemRandom } from '../base/random.js';
import {
  type Config,
  invalidConfig,
  type LaunchRequest,
  type Notice,
  StartError,
  startFailed,
  verifyBootstrap,
} from '../config/index.js';
import { limitHeapGrowth } from './heap.js';
import { createLogger, type DaemonLogger, INITIAL_LOGGING } from './log.js';
import { notifyReady } from './service-notify.js';

/** What the daemon needs of the server: see `startServer` in src/embed. */
export type StartServer = (
  config: Config,
  dependencies: { logger: Logger; clock: Clock; random: Random },
) => Promise<RunningServer>;

export interface RunningServer {
  stop(): Promise<void>;
  /** Resolves when the server has ended, by itself too (a removed member). */
  readonly stopped: Promise<void>;
}

type Start = Extract<LaunchRequest, { action: 'start' }>;

/** Logs what came up so far, then runs a member until a signal or its own end. */
export async function runDaemon(
  argv: readonly string[],
  outcome: Start | StartError,
  loadServer: () => Promise<StartServer> = loadEmbeddedServer,
): Promise<void> {
  const arguments_ = [process.argv[1] ?? 'etcd', ...argv];
  let logger = createLogger(INITIAL_LOGGING, 'cli/etcd');
  watchProcess(() => logger);
  try {
    if (outcome instanceof StartError) {
      logNotices(logger, outcome.notices);
      logger.info('Running: ', { args: arguments_ });
      throw outcome;
    }
    logger = openLog(outcome.config);
    logNotices(logger, outcome.notices);
    logger.info('Running: ', { args: arguments_ });
    await serve(outcome.config, logger, loadServer);
  } catch (error) {
    await fail(logger, error);
  }
}

const OPEN_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

function openLog(config: Config): DaemonLogger {
  try {
    return createLogger(config.logging, 'cli/etcd');
  } catch (error) {
    const { code, path = '' } = error as NodeJS.ErrnoException;
    const reason = OPEN_FAILURES[code ?? ''] ?? String(error);
    throw invalidConfig(`open sink ${JSON.stringify(path)}: open ${path}: ${reason}`);
  }
}

function logNotices(logger: DaemonLogger, notices: readonly Notice[]): void {
  for (const { level, message, fields } of notices) logger[level](message, fields);
}

async function serve(
  config: Config,
  logger: DaemonLogger,
  loadServer: () => Promise<StartServer>,
): Promise<void> {
  checkDataDirectory(config, logger);
  limitHeapGrowth();
  const startServer = await loadServer();
  const server = await startServer(config, { logger, clock: systemClock, random: systemRandom });
  stopOnSignals(server, logger);
  await notifyReady(process.env, logger);
  try {
    await server.stopped;
  } catch (error) {
    logger.fatal('the member cannot go on', { error: describeFailure(error) });
    await exit(logger, 1);
  }
  // A signal's own ending is under way if there was one; otherwise the member ended by itself.
  if (!stopping) await exit(logger, 0);
}

async function loadEmbeddedServer(): Promise<StartServer> {
  // Loaded only when a member is about to start: bad settings are told without it.
  return (await import('../embed/index.js')).startServer;
}

/** A data directory with a log is taken as it is; a new one needs valid bootstrap settings. */
function checkDataDirectory(config: Config, logger: DaemonLogger): void {
  const { dataDir } = config;
  const names = existsSync(dataDir) ? readdirSync(dataDir) : [];
  const hasMember = names.includes('member');
  if (names.includes('proxy')) {
    const text = hasMember
      ? 'invalid datadir; both member and proxy directories exist'
      : 'v2 http proxy has already been deprecated in 3.6';
    throw new StartError(text, 2, { text: `panic: ${text}\n` });
  }
  for (const filename of names) {
    if (filename === 'member') continue;
    const fields = { filename, 'data-dir': dataDir };
    logger.warn('found invalid file under data directory', fields);
  }
  const fields = { 'data-dir': dataDir, 'dir-type': hasMember ? 'member' : 'empty' };
  const message = hasMember
    ? 'server has already been initialized'
    : 'Initialize and start etcd server';
  logger.info(message, fields);
  if (!hasLog(config.walDir || join(dataDir, 'member', 'wal'))) verifyBootstrap(config);
}

function hasLog(walDir: string): boolean {
  return existsSync(walDir) && readdirSync(walDir).some((name) => name.endsWith('.wal'));
}

let stopping = false;

/**
 * SIGTERM and SIGINT stop the server; then the process ends by that same signal, as whoever sent it
 * expects (systemd, a shell). Process 1 of a container cannot be ended by its own signal.
 */
function stopOnSignals(server: RunningServer, logger: DaemonLogger): void {
  const stop = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (stopping) return;
    stopping = true;
    const name = signal === 'SIGTERM' ? 'terminated' : 'interrupt';
    logger.info('received signal; shutting down', { signal: name });
    server.stop().then(
      () => endBySignal(signal, logger),
      (error: unknown) => fail(logger, error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function endBySignal(signal: 'SIGTERM' | 'SIGINT', logger: DaemonLogger): Promise<void> {
  if (process.pid === 1) await exit(logger, 0);
  await logger.close();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

async function exit(logger: DaemonLogger, code: number): Promise<never> {
  await logger.close();
  return process.exit(code);
}

/** Node's own reports would break the line format: they become log lines. */
function watchProcess(logger: () => DaemonLogger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    logger().warn('runtime warning', { error: `${warning.name}: ${warning.message}` });
  });
  const crash = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    logger().fatal('unexpected error', { error: message, stacktrace: stack });
    void exit(logger(), 2);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

async function fail(logger: DaemonLogger, error: unknown): Promise<never> {
  const failure = error instanceof StartError ? error : startFailed(describeFailure(error));
  if ('text' in failure.report) {
    await logger.close();
    writeSync(2, failure.report.text);
  } else {
    logNotices(logger, [failure.report.line]);
  }
  return exit(logger, failure.exitCode);
}

/** Errors of the operating system in the words Go has for them, others as they are. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (details.syscall !== 'listen' || details.address === undefined) return error.message;
  const host = details.address.includes(':') ? `[${details.address}]` : details.address;
  const isSocket = details.port === undefined || details.port < 0;
  const where = isSocket ? `unix ${details.address}` : `tcp ${host}:${details.port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'address already in use',
    EADDRNOTAVAIL: 'cannot assign requested address',
    EACCES: 'permission denied',
  };
  return `listen ${where}: bind: ${reasons[details.code ?? ''] ?? error.message}`;
}
