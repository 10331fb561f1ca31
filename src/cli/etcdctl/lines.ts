/** Reads lines as they are typed: interactive commands answer each before the next one comes. */
export class LineReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffered = '';

  constructor(input: AsyncIterable<Buffer>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** The next line without its end; undefined at the end of input (an unfinished line is lost). */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffered.indexOf('\n');
      if (end >= 0) {
        const line = this.#buffered.slice(0, end);
        this.#buffered = this.#buffered.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#buffered += value.toString();
    }
  }
}
