/**
 * Data-driven test files: blocks of `command args`, input lines, `----`, the expected output up to
 * a blank line (or, after a doubled `----`, up to another doubled one). `#` starts a comment.
 */

/** One argument: `key`, `key=value` or `key=(a,b)`. */
export interface Argument {
  readonly key: string;
  readonly values: readonly string[];
}

/** One block of a file. */
export interface Block {
  readonly command: string;
  readonly args: readonly Argument[];
  readonly input: string;
  readonly expected: string;
  /** Where the block starts, from 1. */
  readonly line: number;
}

const SEPARATOR = '----';
const ARGUMENT = /([^\s=()]+)(?:=(\([^)]*\)|[^\s]*))?/g;

function parseArgument(key: string, value: string | undefined): Argument {
  if (value === undefined) return { key, values: [] };
  if (!value.startsWith('(')) return { key, values: [value] };
  const inner = value.slice(1, -1).trim();
  return { key, values: inner === '' ? [] : inner.split(/[\s,]+/) };
}

/** Walks over lines with one look ahead. */
class Lines {
  readonly #lines: readonly string[];
  position = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  get current(): string | undefined {
    return this.#lines[this.position];
  }

  /** The lines up to (not including) the first that `ends`, which is left in place. */
  takeUntil(ends: (line: string) => boolean): string[] {
    const start = this.position;
    while (this.current !== undefined && !ends(this.current)) this.position++;
    return this.#lines.slice(start, this.position);
  }
}

/** The blocks of a file. Throws if one has no `----`. */
export function parseBlocks(text: string): Block[] {
  const lines = new Lines(text);
  const blocks: Block[] = [];
  for (;;) {
    lines.takeUntil((line) => line.trim() !== '' && !line.startsWith('#'));
    if (lines.current === undefined) return blocks;
    blocks.push(parseBlock(lines));
  }
}

function parseBlock(lines: Lines): Block {
  const line = lines.position + 1;
  let directive = lines.current ?? '';
  while (directive.endsWith('\\')) {
    lines.position++;
    directive = `${directive.slice(0, -1)} ${lines.current ?? ''}`;
  }
  lines.position++;
  const words = [...directive.matchAll(ARGUMENT)];
  const input = lines.takeUntil((text) => text === SEPARATOR).join('\n');
  if (lines.current === undefined) throw new Error(`line ${line}: no ${SEPARATOR}`);
  lines.position++;
  let expected: string[];
  if (lines.current === SEPARATOR) {
    lines.position++;
    expected = lines.takeUntil((text) => text === SEPARATOR);
    lines.position += 2;
  } else {
    expected = lines.takeUntil((text) => text.trim() === '');
  }
  return {
    command: words[0]?.[1] ?? '',
    args: words.slice(1).map((match) => parseArgument(match[1] ?? '', match[2])),
    input,
    expected: expected.join('\n'),
    line,
  };
}

/** The values of an argument, or none. */
export function argumentValues(block: Block, key: string): readonly string[] {
  return block.args.find((argument) => argument.key === key)?.values ?? [];
}

/** The arguments without a value, as numbers. */
export function positionalNumbers(block: Block): number[] {
  return block.args
    .filter(({ values }) => values.length === 0)
    .map(({ key }) => {
      const value = Number(key);
      if (!Number.isInteger(value)) throw new Error(`line ${block.line}: not a number: ${key}`);
      return value;
    });
}

const LOG_LINE = /^\s*(?:DEBUG|INFO|WARN|ERROR)\b/;

/**
 * An output without log lines, which are the wording of one implementation, and without trailing
 * spaces. Nothing left counts as "ok", which is how a silent command is written.
 */
export function comparable(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => !LOG_LINE.test(line))
    .map((line) => line.trimEnd());
  const text = lines.join('\n').trimEnd();
  return text === '' ? 'ok' : text;
}
