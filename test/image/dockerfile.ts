/** A stage of a Dockerfile: what it begins with, and what is done to it. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export type Instruction =
  | { readonly kind: 'run'; readonly script: string }
  | { readonly kind: 'workdir'; readonly path: string }
  | Copy
  | { readonly kind: 'command'; readonly words: readonly string[] }
  /** Tells people something, changes nothing. */
  | { readonly kind: 'note' };

export interface Copy {
  readonly kind: 'copy';
  /** The stage to copy from; undefined: the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

/**
 * Reads the part of the Dockerfile language that ours is written in.
 * @throws Error on anything else, rather than leave out a step of the build
 */
export function parseDockerfile(text: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of logicalLines(text)) {
    const [word = '', rest = ''] = splitFirst(line);
    if (word.toUpperCase() === 'FROM') {
      const match = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest);
      if (match?.[1] === undefined) throw new Error(`cannot read: ${line}`);
      stages.push({ base: match[1], name: match[2], instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`before the first FROM: ${line}`);
    stage.instructions.push(parseInstruction(word.toUpperCase(), rest, line));
  }
  return stages;
}

function parseInstruction(word: string, rest: string, line: string): Instruction {
  switch (word) {
    case 'RUN':
      if (/^(?:\[|--)/.test(rest)) break;
      return { kind: 'run', script: rest };
    case 'WORKDIR':
      return { kind: 'workdir', path: rest };
    case 'COPY':
      return parseCopy(rest, line);
    case 'CMD':
      return { kind: 'command', words: parseWords(rest, line) };
    case 'EXPOSE':
      return { kind: 'note' };
  }
  throw new Error(`not known here: ${line}`);
}

function parseCopy(rest: string, line: string): Copy {
  const words = rest.split(/\s+/);
  const options = words.filter((word) => word.startsWith('--'));
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.pop();
  const from = options.map((option) => /^--from=(\S+)$/.exec(option)?.[1]);
  if (target === undefined || paths.length === 0 || from.includes(undefined) || from.length > 1) {
    throw new Error(`cannot read: ${line}`);
  }
  return { kind: 'copy', from: from[0], sources: paths, target };
}

function parseWords(text: string, line: string): string[] {
  const words: unknown = JSON.parse(text);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error(`cannot read: ${line}`);
}

/** Lines without comments, those that end with a backslash joined with the next. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let begun = '';
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (trimmed.endsWith('\\')) {
      begun += `${trimmed.slice(0, -1)} `;
      continue;
    }
    lines.push(begun + trimmed);
    begun = '';
  }
  if (begun !== '') throw new Error(`goes on behind the end: ${begun}`);
  return lines;
}

function splitFirst(line: string): [string, string] {
  const [, first = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  return [first, rest];
}
