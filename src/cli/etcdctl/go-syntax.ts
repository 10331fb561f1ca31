import { isUtf8 } from 'node:buffer';
import { goQuote } from '../../config/go-text.js';
import { CommandError, EXIT } from './exit.js';

/** Bytes as Go's %q prints them: text in quotes, what is no UTF-8 as \xNN. */
export function quoteBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return goQuote(bytes.toString());
  let quoted = '';
  for (let offset = 0; offset < bytes.length; ) {
    const sizeBytes = runeLength(bytes, offset);
    if (sizeBytes === 0) quoted += `\\x${bytes.toString('hex', offset, offset + 1)}`;
    else quoted += goQuote(bytes.toString('utf8', offset, offset + sizeBytes)).slice(1, -1);
    offset += sizeBytes || 1;
  }
  return `"${quoted}"`;
}

/** The length of the UTF-8 character at `offset`; 0 if there is none. */
function runeLength(bytes: Buffer, offset: number): number {
  for (let sizeBytes = 1; sizeBytes <= 4 && offset + sizeBytes <= bytes.length; sizeBytes++) {
    if (isUtf8(bytes.subarray(offset, offset + sizeBytes))) return sizeBytes;
  }
  return 0;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

const ESCAPE =
  /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;

/** The bytes of a Go string literal's inside; undefined if an escape is wrong. */
function unescapeBody(body: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let index = 0; index < body.length; ) {
    if (body[index] !== '\\') {
      const next = body.indexOf('\\', index);
      const end = next < 0 ? body.length : next;
      parts.push(Buffer.from(body.slice(index, end)));
      index = end;
      continue;
    }
    ESCAPE.lastIndex = index;
    const match = ESCAPE.exec(body);
    if (match === null) return undefined;
    const [whole, simple, hex, octal, short, long] = match;
    if (simple !== undefined) parts.push(Buffer.from(SIMPLE_ESCAPES[simple] ?? ''));
    else if (hex !== undefined) parts.push(Buffer.from([Number.parseInt(hex, 16)]));
    else if (octal !== undefined) parts.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
    else parts.push(Buffer.from(String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16))));
    index += whole.length;
  }
  return Buffer.concat(parts);
}

/** A Go string at the start of `text`, in double or back quotes, and what follows it. */
export function scanQuoted(text: string): { value: Buffer; rest: string } | undefined {
  const raw = /^`([^`]*)`/.exec(text);
  if (raw !== null) {
    return { value: Buffer.from(raw[1] ?? ''), rest: text.slice(raw[0].length) };
  }
  const quoted = /^"((?:[^"\\\n]|\\.)*)"/.exec(text);
  const value = quoted === null ? undefined : unescapeBody(quoted[1] ?? '');
  if (quoted === null || value === undefined) return undefined;
  return { value, rest: text.slice(quoted[0].length) };
}

/**
 * Splits a line of `txn` or `watch -i` into words; 'single' and "double" quotes hold words with
 * spaces, the latter with Go's escapes.
 */
export function splitWords(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^'"\s]\S*[^'"\s]?/g) ?? [];
  return words.map((word) => {
    if (word.startsWith("'")) return word.slice(1, -1);
    if (!word.startsWith('"')) return word;
    const quoted = scanQuoted(word);
    if (quoted === undefined) throw new CommandError(EXIT.invalidInput, 'invalid syntax');
    return quoted.value.toString();
  });
}
