import type { Terminal } from './terminal.js';

const WIDTH = 40;
const REDRAW_INTERVAL_MS = 100;

/** A bar on stderr for work that takes a while; nothing where no person would see it move. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #title: string;
  #drawnMs = 0;

  constructor(terminal: Terminal, title: string) {
    this.#terminal = terminal;
    this.#title = title;
  }

  /** Shows how much of the work is done. */
  show(done: number, total: number): void {
    if (!this.#terminal.showsProgress) return;
    const now = Date.now();
    if (now - this.#drawnMs < REDRAW_INTERVAL_MS && done < total) return;
    this.#drawnMs = now;
    const share = total > 0 ? Math.min(done / total, 1) : 1;
    const filled = Math.round(share * WIDTH);
    const bar = `${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}`;
    this.#terminal.writeError(`\r${this.#title} [${bar}] ${Math.floor(share * 100)}%`);
  }

  /** Ends the line, if there is one. */
  finish(): void {
    if (this.#drawnMs > 0) this.#terminal.writeError('\n');
  }
}
