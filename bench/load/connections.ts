import { LoadConnection } from './connection.js';
import type { JobBase } from './jobs.js';

/** The connections of a job: `failed` rejects when one of them, or what they carry, breaks. */
export class Connections {
  readonly failed: Promise<never>;
  private readonly job: JobBase;
  private readonly all: LoadConnection[] = [];
  private reject: (error: Error) => void = () => {};

  constructor(job: JobBase) {
    this.job = job;
    this.failed = new Promise((_, reject) => {
      this.reject = reject;
    });
    this.failed.catch(() => {});
  }

  async open(count: number): Promise<LoadConnection[]> {
    const opened: LoadConnection[] = [];
    for (let index = 0; index < count; index++) {
      const connection = await LoadConnection.open(this.job.port, this.job.tls);
      connection.onFailure = this.fail;
      this.all.push(connection);
      opened.push(connection);
    }
    return opened;
  }

  readonly fail = (error: Error): void => this.reject(error);

  /** Runs `work` until it ends or something fails, and closes all connections. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([work(), this.failed]);
    } finally {
      for (const connection of this.all) connection.close();
    }
  }
}
