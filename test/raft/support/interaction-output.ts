const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE'];

/** What a scenario prints. At the level NONE it prints nothing at all. */
export class InteractionOutput {
  #level = 0;
  #text = '';

  get text(): string {
    return this.#text;
  }

  get isQuiet(): boolean {
    return this.#level === LEVELS.length - 1;
  }

  get level(): string {
    return LEVELS[this.#level] as string;
  }

  set level(name: string) {
    const level = LEVELS.indexOf(name.toUpperCase());
    if (level < 0) throw new Error(`log levels must be either of [${LEVELS.join(' ')}]`);
    this.#level = level;
  }

  clear(): void {
    this.#text = '';
  }

  write(text: string): void {
    if (!this.isQuiet) this.#text += text;
  }

  writeLine(text: string): void {
    this.write(`${text}\n`);
  }

  /** Indents what `print` writes, line by line. */
  indented(print: () => void): void {
    const outer = this.#text;
    this.#text = '';
    try {
      print();
    } finally {
      const lines = this.#text.split('\n');
      if (lines.at(-1) === '') lines.pop();
      this.#text = outer + lines.map((line) => `  ${line}\n`).join('');
    }
  }
}
