/** What a step has to say for itself, beside having come through. */
export type Finding = string | undefined;

/** Runs the steps of a scenario and prints one line for each, as it ends. */
export class Report {
  private readonly print: (line: string) => void;
  private passed = 0;
  private readonly failures: string[] = [];

  constructor(print: (line: string) => void) {
    this.print = print;
  }

  /** A failed scenario leaves out the rest of its steps; the next one is run all the same. */
  async scenario(name: string, run: () => Promise<void>): Promise<void> {
    this.print(`\n== ${name}`);
    try {
      await run();
    } catch (error) {
      if (!(error instanceof StepFailedError)) this.fail(name, '(between steps)', error);
    }
  }

  /** Throws {@link StepFailedError} once the failure is printed. */
  async step<T>(name: string, run: () => Promise<T>, tell?: (result: T) => Finding): Promise<T> {
    const startMs = performance.now();
    try {
      const result = await run();
      const finding = tell?.(result);
      this.passed++;
      const detail = finding === undefined ? '' : `  (${finding})`;
      this.print(`ok    ${seconds(startMs)}  ${name}${detail}`);
      return result;
    } catch (error) {
      this.fail(name, seconds(startMs), error);
      throw new StepFailedError(name);
    }
  }

  /** Prints the sum; returns whether all went well. */
  finish(): boolean {
    this.print(`\n${this.passed} steps passed, ${this.failures.length} failed`);
    for (const failure of this.failures) this.print(`  failed: ${failure}`);
    return this.failures.length === 0;
  }

  private fail(name: string, when: string, error: unknown): void {
    this.failures.push(name);
    this.print(`FAIL  ${when}  ${name}`);
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of text.split('\n')) this.print(`      | ${line}`);
  }
}

/** A step has failed and is reported. */
class StepFailedError extends Error {
  override readonly name = 'StepFailedError';
}

function seconds(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1).padStart(5)} s`;
}
