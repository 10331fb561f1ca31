import { parseDurationNanoseconds } from './duration.js';
import { FlagValueError } from './errors.js';
import { type GateSettings, parseGates } from './feature-gates.js';
import {
  goQuote,
  INT64,
  type IntegerRange,
  parseGoBoolean,
  parseGoInteger,
  UINT32,
  UINT64,
} from './go-text.js';
import { type EtcdUrl, parseUrls } from './urls.js';

/**
 * One flag: its kind, default and help. The same object reads the value from the command line and
 * the environment (`parse`) and from a configuration file (`fromFile`).
 */
export interface Flag<Value> {
  readonly kind: string;
  readonly defaultValue: Value;
  readonly help: string;
  /** False while the server accepts and checks the value, but does nothing with it. */
  readonly effective: boolean;
  /** `--flag` alone means `--flag=true`. */
  readonly isBoolean: boolean;
  /** What help shows as the default. */
  readonly defaultText: string;
  /** The type a configuration file has to hold, in Go's words. */
  readonly fileType: string;
  /**
   * The value after `text` was given; `previous` is the value before (repeated flags).
   * @throws FlagValueError
   */
  parse(text: string, previous: Value): Value;
  /** The value for a YAML or JSON value; undefined where its type does not fit. */
  fromFile(value: unknown, previous: Value): Value | undefined;
}

/** Values of a URL list. etcd keeps the spellings beside the URLs, and so do we: see `urls`. */
export interface UrlListValue {
  readonly spellings: readonly string[];
  readonly urls: readonly EtcdUrl[];
}

type Shape<Value> = Omit<Flag<Value>, 'effective' | 'isBoolean' | 'defaultText'> & {
  readonly isBoolean?: boolean;
  readonly defaultText?: string;
};

function flag<Value>(shape: Shape<Value>): Flag<Value> {
  const defaultText = shape.defaultText ?? String(shape.defaultValue);
  return { effective: true, isBoolean: false, ...shape, defaultText };
}

/** Marks a flag that is accepted and checked, but has nothing behind it yet. */
export function later<Value>(inner: Flag<Value>): Flag<Value> {
  return { ...inner, effective: false };
}

export function text(defaultValue: string, help: string): Flag<string> {
  return flag({
    kind: 'string',
    fileType: 'string',
    defaultValue,
    help,
    parse: (given) => given,
    fromFile: (value) => (typeof value === 'string' ? value : undefined),
  });
}

export function toggle(defaultValue: boolean, help: string): Flag<boolean> {
  return flag({
    kind: 'boolean',
    fileType: 'bool',
    isBoolean: true,
    defaultValue,
    help,
    parse(given) {
      const value = parseGoBoolean(given);
      if (value === undefined) throw new FlagValueError('parse error');
      return value;
    },
    fromFile: (value) => (typeof value === 'boolean' ? value : undefined),
  });
}

/** Whole numbers of a YAML file arrive as bigint (`3`) or number (`3.0`). */
function integerFromFile(value: unknown, range: IntegerRange): number | undefined {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined;
  const whole = BigInt(value as bigint | number);
  return whole >= range.minimum && whole <= range.maximum ? Number(whole) : undefined;
}

function integer(fileType: string, range: IntegerRange) {
  return (defaultValue: number, help: string): Flag<number> =>
    flag({
      kind: fileType,
      fileType,
      defaultValue,
      help,
      parse: (given) => Number(parseGoInteger(given, range)),
      fromFile: (value) => integerFromFile(value, range),
    });
}

export const signed = integer('int', INT64);
export const signed64 = integer('int64', INT64);
export const unsigned = integer('uint', UINT64);
export const unsigned64 = integer('uint64', UINT64);

/** The one 32-bit flag; its reasons are those of Go's strconv. */
export function unsigned32(defaultValue: number, help: string): Flag<number> {
  return flag({
    kind: 'uint32',
    fileType: 'uint32',
    defaultValue,
    help,
    parse(given) {
      try {
        return Number(parseGoInteger(given, UINT32));
      } catch (error) {
        const outOfRange = error instanceof FlagValueError && error.message !== 'parse error';
        const reason = outOfRange ? 'value out of range' : 'invalid syntax';
        throw new FlagValueError(`strconv.ParseUint: parsing ${goQuote(given)}: ${reason}`);
      }
    },
    fromFile: (value) => integerFromFile(value, UINT32),
  });
}

/**
 * A duration: Go notation on the command line, whole nanoseconds in a file, milliseconds (with a
 * fraction, if need be) inside. `defaultText` is the default as written.
 */
export function duration(defaultText: string, help: string): Flag<number> {
  const parse = (given: string): number => {
    try {
      return Number(parseDurationNanoseconds(given)) / 1e6;
    } catch {
      throw new FlagValueError('parse error');
    }
  };
  return flag({
    kind: 'duration',
    fileType: 'time.Duration',
    defaultValue: parse(defaultText),
    defaultText,
    help,
    parse,
    fromFile(value) {
      const nanoseconds = integerFromFile(value, INT64);
      return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
    },
  });
}

/** One word out of `choices`; the first is the default. A file takes any word (checked later). */
export function choice(choices: readonly [string, ...string[]], help: string): Flag<string> {
  return flag({
    kind: 'choice',
    fileType: 'string',
    defaultValue: choices[0],
    help,
    parse(given) {
      if (!choices.includes(given)) throw new FlagValueError('invalid value');
      return given;
    },
    fromFile: (value) => (typeof value === 'string' ? value : undefined),
  });
}

/** Comma-separated words out of `choices`. */
export function choices(valid: readonly string[], help: string): Flag<readonly string[]> {
  return flag<readonly string[]>({
    kind: 'choices',
    fileType: 'string',
    defaultValue: [],
    defaultText: '',
    help,
    parse(given, previous) {
      const words = given.split(',');
      for (const word of words) {
        if (!valid.includes(word)) throw new FlagValueError(`invalid value ${goQuote(word)}`);
      }
      return [...previous, ...words].sort();
    },
    fromFile: (value) => (typeof value === 'string' ? [value] : undefined),
  });
}

function stringsFromFile(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

/** Comma-separated words in the order given; a list in a file. */
export function list(help: string): Flag<readonly string[]> {
  return flag<readonly string[]>({
    kind: 'list',
    fileType: '[]string',
    defaultValue: [],
    help,
    parse: (given) => given.split(','),
    fromFile: stringsFromFile,
  });
}

const distinct = (words: readonly string[]): string[] => [...new Set(words)].sort();

/** Comma-separated words, sorted and distinct; a list in a file. */
export function uniqueList(defaultWords: readonly string[], help: string): Flag<readonly string[]> {
  return { ...list(help), ...uniqueWords(defaultWords), fromFile: stringsFromFile };
}

/** As {@link uniqueList}, but a file holds one comma-separated string too. */
export function uniqueWordList(word: string, help: string): Flag<readonly string[]> {
  return {
    ...list(help),
    ...uniqueWords([word]),
    fileType: 'string',
    fromFile(value, previous) {
      if (typeof value !== 'string') return undefined;
      return value === '' ? previous : distinct(value.split(','));
    },
  };
}

function uniqueWords(defaultValue: readonly string[]) {
  const defaultText = defaultValue.join(',');
  return { defaultValue, defaultText, parse: (given: string) => distinct(given.split(',')) };
}

/**
 * Comma-separated URLs. Two habits of etcd's list are kept: an allowed exception (the empty string,
 * `*`) or a spelling already present changes nothing, and doubles are dropped.
 */
export function urls(
  defaultText: string,
  help: string,
  exceptions: readonly string[] = [''],
): Flag<UrlListValue> {
  const parse = (given: string, previous: UrlListValue): UrlListValue => {
    if (previous.spellings.includes(given)) return previous;
    if (exceptions.includes(given)) {
      return { spellings: [...previous.spellings, given], urls: previous.urls };
    }
    const byText = new Map(parseUrls(given).map((url) => [url.text, url]));
    return { spellings: [...byText.keys()], urls: [...byText.values()] };
  };
  const empty: UrlListValue = { spellings: [], urls: [] };
  return flag({
    kind: 'urls',
    fileType: 'string',
    defaultValue: defaultText === '' ? empty : parse(defaultText, empty),
    defaultText,
    help,
    parse,
    fromFile(value, previous) {
      if (typeof value !== 'string') return undefined;
      return value === '' ? previous : parse(value, empty);
    },
  });
}

export function gates(help: string): Flag<GateSettings> {
  return flag<GateSettings>({
    kind: 'gates',
    fileType: 'string',
    defaultValue: {},
    defaultText: '',
    help,
    parse: parseGates,
    fromFile: (value, previous) =>
      typeof value === 'string' ? parseGates(value, previous) : undefined,
  });
}
