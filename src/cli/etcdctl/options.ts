/** An option of a command. All have a value, given or default. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: 'boolean' | 'text' | 'list' | 'integer' | 'unsigned' | 'duration';
  /** As on the command line: `false`, `0`, `5s`. */
  readonly defaultText: string;
  readonly help: string;
}

export const booleanOption = (name: string, help: string, short?: string): OptionSpec => ({
  name,
  kind: 'boolean',
  defaultText: 'false',
  help,
  ...(short === undefined ? {} : { short }),
});

export const textOption = (name: string, defaultText: string, help: string): OptionSpec => ({
  name,
  kind: 'text',
  defaultText,
  help,
});

export const integerOption = (name: string, help: string): OptionSpec => ({
  name,
  kind: 'integer',
  defaultText: '0',
  help,
});

/** Option values by name; asking for an unknown one or by a wrong type is a programming error. */
export interface OptionValues {
  boolean(name: string): boolean;
  text(name: string): string;
  integer(name: string): number;
  /** Milliseconds. */
  duration(name: string): number;
  /** Whether the option was given on the command line. */
  isGiven(name: string): boolean;
}
