import { spawnSync } from 'node:child_process';
import { goQuote } from '../../config/go-text.js';
import type { WatchCreateRequest, WatchResponse } from '../../proto/generated/etcdserverpb.js';
import { Event_EventType } from '../../proto/generated/mvccpb.js';
import type { Init } from '../../proto/wire.js';
import { parseArguments, UsageError } from './arguments.js';
import type { Command, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { quoteBytes, splitWords } from './go-syntax.js';
import { LineReader } from './lines.js';
import { booleanOption, integerOption, type OptionSpec } from './options.js';
import { keyRange } from './ranges.js';
import type { Session } from './session.js';
import { WatchStream } from './watch-stream.js';

const BAD_NUMBER = 'bad number of arguments';

const OPTIONS: readonly OptionSpec[] = [
  booleanOption('interactive', 'read watch and progress commands from stdin', 'i'),
  booleanOption('prefix', 'all keys with this prefix'),
  integerOption('rev', 'revision to start from'),
  booleanOption('prev-kv', 'show what was there before each event'),
  booleanOption('progress-notify', 'show the server’s progress reports'),
];

/** What to watch, and the command to run for each event. */
interface WatchPlan {
  readonly request: Init<WatchCreateRequest>;
  readonly command: readonly string[];
}

/** Key and range end from ETCDCTL_WATCH_KEY and ETCDCTL_WATCH_RANGE_END. */
function fromEnvironment(session: Session): string[] {
  const key = session.terminal.environment.ETCDCTL_WATCH_KEY ?? '';
  const end = session.terminal.environment.ETCDCTL_WATCH_RANGE_END ?? '';
  if (key === '' && end !== '') {
    const variable = `ETCDCTL_WATCH_RANGE_END=${goQuote(end)}`;
    throw new CommandError(EXIT.badArguments, `ETCDCTL_WATCH_KEY is empty but got ${variable}`);
  }
  return [key, end].filter((value) => value !== '');
}

/**
 * Works out key, range and command.
 * @throws CommandError
 */
function plan(invocation: Invocation, variables: readonly string[]): WatchPlan {
  const command = invocation.afterSeparator ?? [];
  const fail = (message: string): CommandError => new CommandError(EXIT.badArguments, message);
  if (invocation.afterSeparator !== undefined && command.length === 0) {
    throw fail(`${BAD_NUMBER} (found separator --, but no commands)`);
  }
  const end = invocation.arguments.length - command.length;
  const given = invocation.arguments.slice(0, end);
  if (given.length > 0 && variables.length > 0) {
    throw fail(`${BAD_NUMBER} (found conflicting environment key)`);
  }
  const words = [...variables, ...given];
  const [key, rangeEnd] = words;
  if (key === undefined) throw fail(BAD_NUMBER);
  const { options } = invocation;
  const prefix = options.boolean('prefix');
  if (prefix && words.length === 2) {
    throw fail('`range_end` and `--prefix` are mutually exclusive');
  }
  const range = words.length === 2 && rangeEnd !== undefined ? { end: rangeEnd } : {};
  return {
    request: {
      ...keyRange(key, { prefix, ...range }),
      startRevision: options.integer('rev'),
      prevKv: options.boolean('prev-kv'),
      progressNotify: options.boolean('progress-notify'),
    },
    command,
  };
}

function cancelReason(response: WatchResponse): string {
  if (response.compactRevision > 0) {
    return 'etcdserver: mvcc: required revision has been compacted';
  }
  return response.cancelReason || 'etcdserver: mvcc: required revision is a future revision';
}

function show(session: Session, response: WatchResponse, command: readonly string[]): void {
  if (response.canceled) {
    session.terminal.writeError(`watch was canceled (${cancelReason(response)})\n`);
  }
  const revision = response.header?.revision ?? 0;
  const isProgress = response.events.length === 0 && !response.canceled && !response.created;
  if (isProgress && response.compactRevision === 0 && revision > 0) {
    session.terminal.write(`progress notify: ${revision}\n`);
  }
  // The client's view of a cancellation: no word about how the server put it.
  session.print({ kind: 'watch', response: { ...response, created: false } });
  if (command.length > 0) runForEvents(session, response, command);
}

/** Runs the command once an event, one after another, with the event in its environment. */
function runForEvents(session: Session, response: WatchResponse, command: readonly string[]): void {
  const [file = '', ...rest] = command;
  for (const { type, kv } of response.events) {
    const environment = {
      ...session.terminal.environment,
      ETCD_WATCH_REVISION: String(response.header?.revision ?? 0),
      ETCD_WATCH_EVENT_TYPE: goQuote(type === Event_EventType.DELETE ? 'DELETE' : 'PUT'),
      ETCD_WATCH_KEY: quoteBytes(kv?.key ?? Buffer.alloc(0)),
      ETCD_WATCH_VALUE: quoteBytes(kv?.value ?? Buffer.alloc(0)),
    };
    const result = spawnSync(file, rest, { env: environment, stdio: 'inherit' });
    if (result.status === 0) continue;
    const words = `[${command.map(goQuote).join(' ')}]`;
    const reason = result.error?.message ?? `exit status ${result.status ?? result.signal}`;
    session.terminal.writeError(`command ${words} error (${reason})\n`);
    throw new CommandError(EXIT.error, '');
  }
}

async function runWatch(session: Session, invocation: Invocation): Promise<void> {
  const variables = fromEnvironment(session);
  if (invocation.options.boolean('interactive')) return watchInteractively(session, variables);
  const { request, command } = plan(invocation, variables);
  const stream = new WatchStream(await session.connect());
  await watchToEnd(stream, request, (response) => show(session, response, command));
  throw new CommandError(EXIT.interrupted, 'watch is canceled by the server');
}

function watchToEnd(
  stream: WatchStream,
  request: Init<WatchCreateRequest>,
  onResponse: (response: WatchResponse) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const listener = {
      async onResponse(response: WatchResponse) {
        try {
          onResponse(response);
        } catch (error) {
          reject(error);
        }
      },
    };
    stream.watch(request, listener).then(resolve, reject);
  });
}

/** Reads `watch …` and `progress` commands until the input ends or a watcher fails. */
async function watchInteractively(session: Session, variables: readonly string[]): Promise<void> {
  const stream = new WatchStream(await session.connect());
  const reader = new LineReader(session.terminal.stdin);
  const { promise: failed, fail } = failure();
  for (;;) {
    const line = await Promise.race([reader.next(), failed]);
    if (line === undefined) {
      throw new CommandError(EXIT.invalidInput, 'error reading watch request line: EOF');
    }
    const [name, ...words] = splitWords(line);
    const complain = (text: string): void => session.terminal.writeError(`${text}\n`);
    if (name === undefined) {
      complain(`Invalid command: ${line} (watch and progress supported)`);
    } else if (name === 'progress') {
      stream.requestProgress();
    } else if (name !== 'watch') {
      complain(`Invalid command ${line} (only support watch)`);
    } else if (words.length === 0 && variables.length === 0) {
      complain(`Invalid command ${line} (command type or key is not provided)`);
    } else {
      const { request, command } = planLine(words, variables);
      watchToEnd(stream, request, (response) => show(session, response, command)).catch(fail);
    }
  }
}

function failure(): { promise: Promise<never>; fail: (error: unknown) => void } {
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    fail = reject;
  });
  return { promise, fail };
}

function planLine(words: readonly string[], variables: readonly string[]): WatchPlan {
  try {
    return plan(parseArguments(words, OPTIONS), variables);
  } catch (error) {
    if (error instanceof UsageError) throw new CommandError(EXIT.badArguments, error.message);
    throw error;
  }
}

export const watch: Command = {
  usage: 'watch [options] <key> [range_end] [-- <command> [arguments]]',
  summary: 'shows changes as they happen, and may run a command for each',
  options: OPTIONS,
  run: runWatch,
};
