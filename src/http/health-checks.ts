import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.js';
import { AlarmType, type KvorumServer } from '../server/index.js';
import { refuseOtherMethods, sendText } from './answers.js';

/** What the checks look at. */
export type HealthSource = Pick<
  KvorumServer,
  'alarms' | 'isLearner' | 'linearizableRead' | 'store'
>;

/** Rejects with the reason if the member is not well in that respect. */
export type HealthCheck = () => Promise<void>;

/** How one check of one kind came out so far. */
export interface CheckResults {
  /** `livez` or `readyz`. */
  readonly type: string;
  readonly name: string;
  readonly succeeded: number;
  readonly failed: number;
  /** The newest result; undefined before the first. */
  readonly isWell: boolean | undefined;
}

/** The smallest read: of a key that cannot exist, on this member as it is or after all others' writes. */
export async function readAnything(server: HealthSource, isSerializable: boolean): Promise<void> {
  if (!isSerializable) {
    await new Promise<void>((resolve, reject) => {
      server.linearizableRead((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }
  await server.store.whenReadable();
  server.store.range({ start: '', end: '', limit: 1 });
}

/** Whether the process is alive: nothing that a restart would not heal. */
export function livenessChecks(server: HealthSource): Record<string, HealthCheck> {
  return { serializable_read: () => readAnything(server, true) };
}

/** Whether clients should be sent here. */
export function readinessChecks(server: HealthSource): Record<string, HealthCheck> {
  return {
    data_corruption: async () => {
      if (server.alarms.isRaised(AlarmType.corrupt)) throw new Error('alarm activated: CORRUPT');
    },
    serializable_read: () => readAnything(server, true),
    linearizable_read: () => readAnything(server, false),
    non_learner: async () => {
      if (server.isLearner) throw new Error('not supported for learner');
    },
  };
}

interface MutableResults {
  readonly type: string;
  readonly name: string;
  succeeded: number;
  failed: number;
  isWell: boolean | undefined;
}

/** A group of checks under one path, and each by itself below it (E.1): `/livez` and `/readyz`. */
export class HealthChecks {
  readonly #path: string;
  readonly #checks: Readonly<Record<string, HealthCheck>>;
  readonly #logger: Logger;
  readonly #results: Record<string, MutableResults> = {};

  /** `type` is the path without its slash. */
  constructor(type: string, checks: Readonly<Record<string, HealthCheck>>, logger: Logger) {
    this.#path = `/${type}`;
    this.#checks = checks;
    this.#logger = logger;
    for (const name of Object.keys(checks)) {
      this.#results[name] = { type, name, succeeded: 0, failed: 0, isWell: undefined };
    }
  }

  get results(): readonly CheckResults[] {
    return Object.values(this.#results);
  }

  /** Answers a request to the group's path or one below it; false if there is no such path. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): boolean {
    const name = path.slice(this.#path.length + 1);
    const isGroup = path === this.#path;
    if (!isGroup && !(path.startsWith(`${this.#path}/`) && Object.hasOwn(this.#checks, name))) {
      return false;
    }
    if (refuseOtherMethods(request, response)) return true;
    const names = isGroup ? this.#selected(query.getAll('exclude')) : [name];
    void this.#answer(response, path, names, query.has('verbose'));
    return true;
  }

  #selected(excluded: readonly string[]): string[] {
    const names = Object.keys(this.#checks);
    const missing = excluded.filter((name) => name !== '' && !names.includes(name));
    if (missing.length > 0) {
      const fields = {
        'missing-health-checks': missing.map((name) => JSON.stringify(name)).join(),
      };
      this.#logger.warn('some health checks cannot be excluded', fields);
    }
    return names.filter((name) => !excluded.includes(name));
  }

  /** Never rejects. */
  async #answer(
    response: ServerResponse,
    path: string,
    names: readonly string[],
    isVerbose: boolean,
  ): Promise<void> {
    const lines = await Promise.all(names.map((name) => this.#run(name)));
    const reason = lines.map(({ text }) => text).join('');
    if (lines.some(({ isWell }) => !isWell)) {
      // Not an error: a member that starts, or waits for others, is asked this all the time.
      this.#logger.warn('Health check error', { path, reason, 'status-code': 503 });
      sendText(response, 503, `${reason}\n`);
      return;
    }
    sendText(response, 200, isVerbose ? `${reason}ok\n` : 'ok\n');
  }

  async #run(name: string): Promise<{ readonly isWell: boolean; readonly text: string }> {
    const results = this.#results[name];
    const note = (isWell: boolean, text: string) => {
      if (results !== undefined) {
        results.isWell = isWell;
        if (isWell) results.succeeded++;
        else results.failed++;
      }
      return { isWell, text };
    };
    try {
      await this.#checks[name]?.();
      return note(true, `[+]${name} ok\n`);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return note(false, `[-]${name} failed: ${cause}\n`);
    }
  }
}
