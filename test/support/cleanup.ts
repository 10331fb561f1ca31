/**
 * Where things register what has to be undone. A `TestContext` is one; so is the `after` function of
 * node:test wrapped as `{ after }`, for what a whole suite shares.
 */
export interface Cleanup {
  after(undo: () => void | Promise<void>): void;
}

/** A cleanup list for code outside the test runner; `run` undoes everything, the last thing first. */
export class CleanupList implements Cleanup {
  private readonly undos: (() => void | Promise<void>)[] = [];

  after(undo: () => void | Promise<void>): void {
    this.undos.push(undo);
  }

  /** Undoes everything; the first failure is thrown once all have been tried. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) {
      try {
        await undo();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
