import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.js';
import { AlarmType, type KvorumServer } from '../server/index.js';
import { refuseOtherMethods, sendText } from './answers.js';
import { type HealthSource, readAnything } from './health-checks.js';

/** How often `/health` was answered well and badly. */
export interface HealthCounts {
  readonly succeeded: number;
  readonly failed: number;
}

export interface HealthDependencies {
  readonly server: HealthSource & Pick<KvorumServer, 'leaderId'>;
  readonly logger: Logger;
}

/** `GET /health`: alarms, then whether there is a leader, then a read (E.1). */
export class HealthEndpoint {
  readonly #server: HealthDependencies['server'];
  readonly #logger: Logger;
  #succeeded = 0;
  #failed = 0;

  constructor({ server, logger }: HealthDependencies) {
    this.#server = server;
    this.#logger = logger;
  }

  get counts(): HealthCounts {
    return { succeeded: this.#succeeded, failed: this.#failed };
  }

  handle(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    if (refuseOtherMethods(request, response)) return;
    const isSerializable = query.get('serializable') === 'true';
    const reason = this.#alarmReason(query.getAll('exclude')) ?? this.#leaderReason(isSerializable);
    if (reason !== undefined) {
      this.#send(response, reason);
      return;
    }
    readAnything(this.#server, isSerializable).then(
      () => this.#send(response, undefined),
      (error: Error) => this.#send(response, `RANGE ERROR:${error.message}`),
    );
  }

  #alarmReason(excluded: readonly string[]): string | undefined {
    const { alarms } = this.#server;
    if (alarms.isRaised(AlarmType.noSpace) && !excluded.includes('NOSPACE')) return 'ALARM NOSPACE';
    if (alarms.isRaised(AlarmType.corrupt) && !excluded.includes('CORRUPT')) return 'ALARM CORRUPT';
    return undefined;
  }

  #leaderReason(isSerializable: boolean): string | undefined {
    return !isSerializable && this.#server.leaderId === 0n ? 'RAFT NO LEADER' : undefined;
  }

  #send(response: ServerResponse, reason: string | undefined): void {
    const health = reason === undefined ? 'true' : 'false';
    const body = JSON.stringify({ health, reason: reason ?? '' });
    if (reason === undefined) {
      this.#succeeded++;
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(body);
      return;
    }
    this.#failed++;
    this.#logger.warn('/health error', { output: body, 'status-code': 503 });
    sendText(response, 503, `${body}\n`);
  }
}
