/** What a header means to a gRPC server; found once per field, not once per request. */
export const HeaderKind = {
  other: 0,
  method: 1,
  path: 2,
  scheme: 3,
  authority: 4,
  /** A pseudo-header that requests do not have (RFC 9113 §8.3). */
  badPseudo: 5,
  contentType: 6,
  grpcTimeout: 7,
  grpcEncoding: 8,
  /** Belongs to a connection; makes a message malformed (RFC 9113 §8.2.2). */
  connectionSpecific: 9,
  te: 10,
  contentLength: 11,
  host: 12,
  /** Metadata in base64 (a name that ends in `-bin`). */
  binary: 13,
} as const;
export type HeaderKind = (typeof HeaderKind)[keyof typeof HeaderKind];

/** All kinds up to this one are pseudo-headers, but for `other`. */
export const LAST_PSEUDO_KIND = HeaderKind.badPseudo;

const KINDS: ReadonlyMap<string, HeaderKind> = new Map([
  [':method', HeaderKind.method],
  [':path', HeaderKind.path],
  [':scheme', HeaderKind.scheme],
  [':authority', HeaderKind.authority],
  ['content-type', HeaderKind.contentType],
  ['grpc-timeout', HeaderKind.grpcTimeout],
  ['grpc-encoding', HeaderKind.grpcEncoding],
  ['connection', HeaderKind.connectionSpecific],
  ['proxy-connection', HeaderKind.connectionSpecific],
  ['keep-alive', HeaderKind.connectionSpecific],
  ['transfer-encoding', HeaderKind.connectionSpecific],
  ['upgrade', HeaderKind.connectionSpecific],
  ['te', HeaderKind.te],
  ['content-length', HeaderKind.contentLength],
  ['host', HeaderKind.host],
]);

/** Bytes that the entry of a field takes beyond name and value (RFC 7541 §4.1). */
const ENTRY_OVERHEAD_BYTES = 32;
/** Lower-case token characters (RFC 9113 §8.2.1, RFC 9110 §5.6.2). */
const NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
const IS_NAME_CHARACTER = new Uint8Array(256);
for (const character of NAME_CHARACTERS) IS_NAME_CHARACTER[character.charCodeAt(0)] = 1;
const TAB = 9;
const SPACE = 0x20;
const DELETE = 0x7f;

/** A header field. Names and values are latin1 strings: one character per byte. */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  readonly kind: HeaderKind;
  /** Its size in a table or a header list (RFC 7541 §4.1). */
  readonly sizeBytes: number;
  readonly hasValidName: boolean;
  /** False makes a message malformed. */
  readonly isValid: boolean;

  /** `model` is a field of the same name whose findings about it are taken over. */
  constructor(name: string, value: string, model?: HeaderField) {
    this.name = name;
    this.value = value;
    this.sizeBytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    if (model === undefined) {
      this.kind = kindOf(name);
      this.hasValidName = isValidName(name);
    } else {
      this.kind = model.kind;
      this.hasValidName = model.hasValidName;
    }
    this.isValid = this.hasValidName && isValidValue(value);
  }
}

function kindOf(name: string): HeaderKind {
  const kind = KINDS.get(name);
  if (kind !== undefined) return kind;
  if (name.startsWith(':')) return HeaderKind.badPseudo;
  return name.endsWith('-bin') ? HeaderKind.binary : HeaderKind.other;
}

// Both are loops because they run for each field that a client does not refer to by index, a
// grpc-timeout with every request for example; regular expressions took three times as long.

function isValidName(name: string): boolean {
  const start = name.charCodeAt(0) === 0x3a ? 1 : 0;
  for (let at = start; at < name.length; at++) {
    if (IS_NAME_CHARACTER[name.charCodeAt(at)] !== 1) return false;
  }
  return name.length > start;
}

/** No control characters but tab, no white space at the ends (RFC 9113 §8.2.1). */
function isValidValue(value: string): boolean {
  const length = value.length;
  if (length === 0) return true;
  for (let at = 0; at < length; at++) {
    const code = value.charCodeAt(at);
    if ((code < SPACE && code !== TAB) || code === DELETE) return false;
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(length - 1));
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
