import { ReadStream } from 'node:tty';
import { CommandError, EXIT } from './exit.js';
import { LineReader } from './lines.js';
import type { Terminal } from './terminal.js';

/** Readers of the standard input: what one has read ahead is for the next password. */
const readers = new WeakMap<object, LineReader>();

function readerOf(terminal: Terminal): LineReader {
  const reader = readers.get(terminal) ?? new LineReader(terminal.stdin);
  readers.set(terminal, reader);
  return reader;
}

/**
 * Asks for a password. On a terminal what is typed does not show; otherwise it is a line of the input.
 * @throws CommandError when the input ends
 */
export async function askPassword(terminal: Terminal, prompt: string): Promise<string> {
  terminal.write(prompt);
  const tty = terminal.stdin instanceof ReadStream ? terminal.stdin : undefined;
  if (tty !== undefined) return readHidden(tty, terminal);
  const line = await readerOf(terminal).next();
  terminal.write('\n');
  if (line === undefined) throw new CommandError(EXIT.badArguments, 'failed to ask password: EOF');
  return line.replace(/\r$/, '');
}

/** The first word of a line of the input, as scripts hand over passwords. */
export async function readPasswordWord(terminal: Terminal): Promise<string> {
  const line = (await readerOf(terminal).next()) ?? '';
  return line.trim().split(/\s+/)[0] ?? '';
}

const BACKSPACES = ['\x7f', '\b'];

/** @throws CommandError for Ctrl-C */
async function readHidden(tty: ReadStream, terminal: Terminal): Promise<string> {
  tty.setRawMode(true);
  let password = '';
  try {
    for await (const chunk of tty.iterator({ destroyOnReturn: false })) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return password;
        if (character === '\x03') throw new CommandError(EXIT.interrupted, 'interrupted');
        if (character === '\x04') throw new CommandError(EXIT.badArguments, 'EOF');
        password = BACKSPACES.includes(character)
          ? password.slice(0, -1)
          : `${password}${character}`;
      }
    }
    return password;
  } finally {
    tty.setRawMode(false);
    tty.pause();
    terminal.write('\n');
  }
}
