import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a command ended and what it wrote. */
export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

export interface CommandOptions {
  /** Written to standard input, which is then closed. */
  stdin?: string;
  environment?: Readonly<Record<string, string>>;
  /** After this time the command is killed; default 30 s. */
  timeoutMs?: number;
}

/** Runs a command to its end. A failing command is a result, not an error. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const running = new RunningCommand(command, args, options.environment);
  const timer = setTimeout(() => running.signal('SIGKILL'), options.timeoutMs ?? 30_000);
  try {
    running.write(options.stdin ?? '', true);
    return await running.end();
  } finally {
    clearTimeout(timer);
  }
}

/** A command that is talked to while it runs. */
export class RunningCommand {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly ended: Promise<number | null>;
  private stdout = '';
  private stderr = '';

  constructor(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(command, args, { env: { ...process.env, ...environment } });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // A command may end without having read its input.
    this.child.stdin.on('error', () => {});
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** The process id; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  write(text: string, isLast = false): void {
    if (isLast) this.child.stdin.end(text);
    else this.child.stdin.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits until standard output holds `text`; throws with what it holds after `timeoutMs`. */
  waitForOutput(text: string, timeoutMs = 10_000): Promise<void> {
    return this.waitFor(text, () => this.stdout, timeoutMs);
  }

  /** The same for standard error. */
  waitForError(text: string, timeoutMs = 10_000): Promise<void> {
    return this.waitFor(text, () => this.stderr, timeoutMs);
  }

  private async waitFor(text: string, written: () => string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!written().includes(text)) {
      if (Date.now() > deadline || this.child.exitCode !== null) {
        throw new Error(`no ${JSON.stringify(text)} in:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits for the end of the command and of its output. */
  async end(): Promise<CommandResult> {
    const exitCode = await this.ended;
    return { stdout: this.stdout, stderr: this.stderr, exitCode };
  }
}
