/** The process around the program, as far as commands touch it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Buffer>;
  write(bytes: Uint8Array | string): void;
  writeError(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether what is written to stderr is seen by a person at once. */
  readonly showsProgress: boolean;
  /** Calls back at Ctrl-C, or when the program shall end; returns what takes that back. */
  onInterrupt(callback: () => void): () => void;
}
