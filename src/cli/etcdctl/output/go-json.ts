/** A JSON value whose object keys keep their order; undefined ones are left out, bytes are base64. */
export type GoJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly GoJson[]
  | { readonly [key: string]: GoJson };

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/**
 * JSON as Go's encoding/json writes it: no spaces, 64-bit numbers in full (JSON.stringify cannot
 * write them), `<`, `>` and `&` escaped.
 */
export function encodeGoJson(value: GoJson): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') {
    return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => HTML_ESCAPES[c] ?? c);
  }
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  if (Array.isArray(value)) return `[${value.map(encodeGoJson).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}:${encodeGoJson(member)}`);
  return `{${members.join(',')}}`;
}

/** Go's `omitempty`: undefined for zero, false, empty text, bytes and lists. */
export function omitEmpty<Value extends GoJson>(value: Value): Value | undefined {
  if (value === 0 || value === 0n || value === false || value === '' || value === null) {
    return undefined;
  }
  if ((Array.isArray(value) || value instanceof Uint8Array) && value.length === 0) {
    return undefined;
  }
  return value;
}
