import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command, Invocation } from './command.js';
import { Contender, interruption, openLeaseSession, whenAborted } from './concurrency.js';
import { CommandError, EXIT } from './exit.js';
import { RANGE } from './methods.js';
import { integerOption } from './options.js';
import type { Session } from './session.js';

const DEFAULT_TTL_SECONDS = 10;

async function runLock(session: Session, invocation: Invocation): Promise<void> {
  const [name, ...command] = invocation.arguments;
  if (name === undefined) {
    const what = 'a lock name argument and an optional command to execute';
    throw new CommandError(EXIT.badArguments, `lock takes ${what}`);
  }
  const connection = await session.connect();
  const interrupted = interruption(session);
  const ttl = invocation.options.integer('ttl');
  const leased = await openLeaseSession(connection, ttl > 0 ? ttl : 60);
  const contender = new Contender(connection, name, leased.lease);
  const revision = await contender.win('', interrupted);
  if (command.length > 0) {
    try {
      await runCommand(session, command, contender.key.toString(), revision);
    } finally {
      await contender.leave();
    }
    return;
  }
  const response = await connection.unary(RANGE, { key: contender.key });
  if (response.kvs.length === 0) throw new CommandError(EXIT.error, 'lock lost on init');
  session.print({ kind: 'get', response, valueOnly: false });
  const end = await Promise.race([
    whenAborted(interrupted).then(() => 'interrupted' as const),
    leased.expired.then(() => 'expired' as const),
  ]);
  if (end === 'expired') throw new CommandError(EXIT.error, 'session expired');
  await contender.leave();
}

/** Runs the command while the lock is held; its exit code becomes ours. */
function runCommand(
  session: Session,
  [file = '', ...rest]: readonly string[],
  key: string,
  revision: number,
): Promise<void> {
  const lock = { ETCD_LOCK_KEY: key, ETCD_LOCK_REV: String(revision) };
  const env = { ...lock, ...session.terminal.environment };
  const child = spawn(file, rest, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      const reason = `exec: ${JSON.stringify(file)}: executable file not found in $PATH`;
      reject(new CommandError(EXIT.error, isMissing ? reason : error.message));
    });
    child.on('exit', (code, signal) => {
      if (code === 0) return resolve();
      if (code !== null) return reject(new CommandError(code, `exit status ${code}`));
      const number = constants.signals[signal ?? 'SIGKILL'];
      reject(new CommandError(128 + number, `signal: ${signal}`));
    });
  });
}

export const lock: Command = {
  usage: 'lock <lockname> [exec-command arg1 arg2 ...]',
  summary: 'Holds a named lock until it is interrupted, or while a command runs',
  options: [
    {
      ...integerOption('ttl', 'seconds after which the lock of a dead holder is free'),
      defaultText: String(DEFAULT_TTL_SECONDS),
    },
  ],
  run: runLock,
};
