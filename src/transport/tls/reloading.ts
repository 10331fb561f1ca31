import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { type FileVersions, fileVersions } from './files.js';

/** Files this new may still be written to within the resolution of their times. */
const SETTLING_MS = 2000;

export interface ReloadingOptions<Value> {
  /** The files that the value is made of. */
  readonly paths: readonly string[];
  /** Reads the files. Throws if they make no value. */
  readonly load: () => Value;
  /** What the log calls the value. */
  readonly label: string;
}

export interface ReloadingDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A value made of files that is made anew when they have changed. If the new files make none (half of
 * them are replaced, say), the last good value stays and the log says so.
 */
export class Reloading<Value> {
  readonly #options: ReloadingOptions<Value>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #versions: FileVersions;
  #lookedAtMs: number;
  #value: Value;
  #lastComplaint = '';

  /** @throws what `load` throws */
  constructor(options: ReloadingOptions<Value>, dependencies: ReloadingDependencies) {
    this.#options = options;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#lookedAtMs = this.#clock.unixMs();
    this.#versions = fileVersions(options.paths);
    this.#value = options.load();
  }

  /** The value of the files as they are now, or were when they last made one. */
  get current(): Value {
    const nowMs = this.#clock.unixMs();
    let versions: FileVersions;
    try {
      versions = fileVersions(this.#options.paths);
    } catch (error) {
      this.#complain(error);
      return this.#value;
    }
    const wasSettled = this.#versions.newestMs < this.#lookedAtMs - SETTLING_MS;
    if (versions.text === this.#versions.text && wasSettled) return this.#value;
    const isNew = versions.text !== this.#versions.text;
    this.#versions = versions;
    this.#lookedAtMs = nowMs;
    try {
      this.#value = this.#options.load();
      this.#lastComplaint = '';
      if (isNew) this.#logger.info(`took up changed ${this.#options.label}`, this.#fields());
    } catch (error) {
      this.#complain(error);
    }
    return this.#value;
  }

  #complain(error: unknown): void {
    const complaint = errorText(error);
    if (complaint === this.#lastComplaint) return;
    this.#lastComplaint = complaint;
    const message = `cannot take up changed ${this.#options.label}; those read before stay in use`;
    this.#logger.warn(message, { ...this.#fields(), error: complaint });
  }

  #fields(): { files: readonly string[] } {
    return { files: this.#options.paths };
  }
}
