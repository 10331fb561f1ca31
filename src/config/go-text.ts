import { FlagValueError } from './errors.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** `text` as Go's %q prints it: in double quotes, unprintable characters escaped. */
export function goQuote(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const short = ESCAPES[character];
    if (short !== undefined) quoted += short;
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) quoted += character;
    else quoted += escapeCodePoint(character.codePointAt(0) as number);
  }
  return `${quoted}"`;
}

function escapeCodePoint(codePoint: number): string {
  const hex = codePoint.toString(16);
  if (codePoint < 0x80) return `\\x${hex.padStart(2, '0')}`;
  if (codePoint < 0x10000) return `\\u${hex.padStart(4, '0')}`;
  return `\\U${hex.padStart(8, '0')}`;
}

const TRUE_WORDS = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE_WORDS = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** The boolean spellings of Go's strconv.ParseBool; undefined for anything else. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (TRUE_WORDS.has(text)) return true;
  return FALSE_WORDS.has(text) ? false : undefined;
}

/** The limits of one of Go's integer types. */
export interface IntegerRange {
  readonly minimum: bigint;
  readonly maximum: bigint;
}

export const INT64: IntegerRange = { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };
export const UINT64: IntegerRange = { minimum: 0n, maximum: 2n ** 64n - 1n };
export const UINT32: IntegerRange = { minimum: 0n, maximum: 2n ** 32n - 1n };

// One digit group after another, single underscores between digits or right after the base prefix.
const INTEGER =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/;

/**
 * An integer in Go's base-0 notation (decimal, 0x, 0o, 0b, leading 0 for octal, underscores).
 * A sign is allowed only where the range has negative numbers.
 * @throws FlagValueError `parse error` or `value out of range`
 */
export function parseGoInteger(text: string, range: IntegerRange): bigint {
  const signed = range.minimum < 0n && /^[+-]/.test(text);
  const digits = signed ? text.slice(1) : text;
  if (!INTEGER.test(digits)) throw new FlagValueError('parse error');
  const plain = digits.replaceAll('_', '').toLowerCase();
  const magnitude = BigInt(/^0[0-7]+$/.test(plain) ? `0o${plain.slice(1)}` : plain);
  const value = signed && text.startsWith('-') ? -magnitude : magnitude;
  if (value < range.minimum || value > range.maximum) {
    throw new FlagValueError('value out of range');
  }
  return value;
}
