const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/**
 * Quotes a latin1 string (one character per byte) as Go's %q does, whose texts the errors repeat:
 * valid UTF-8 stays, other bytes and control characters become escapes.
 */
export function goQuote(latin1: string): string {
  let text = '';
  for (const character of Buffer.from(latin1, 'latin1').toString('utf8')) {
    // A string with bytes that are no UTF-8 is quoted byte by byte; mixtures do not occur in practice.
    if (character === '\ufffd') return quoteBytes(latin1);
    text += quoteCharacter(character);
  }
  return `"${text}"`;
}

function quoteBytes(latin1: string): string {
  let text = '';
  for (const character of latin1) {
    const code = character.charCodeAt(0);
    text += code < 0x80 ? quoteCharacter(character) : hexEscape(code);
  }
  return `"${text}"`;
}

function quoteCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const known = ESCAPES.get(code);
  if (known !== undefined) return known;
  return code < 0x20 || code === 0x7f ? hexEscape(code) : character;
}

function hexEscape(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}
