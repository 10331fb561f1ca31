import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.js';
import type { KvorumServer } from '../server/index.js';
import { refuseOtherMethods, sendText, versionText } from './answers.js';
import { handleDebugVars } from './debug-vars.js';
import { HealthEndpoint } from './health.js';
import { HealthChecks, livenessChecks, readinessChecks } from './health-checks.js';
import { MetricsEndpoint } from './metrics-endpoint.js';

/** CORS headers of the client port, sent with every answer (E.1). */
const CORS_HEADERS = Object.entries({
  'Access-Control-Allow-Headers': 'accept, content-type, authorization',
  'Access-Control-Allow-Methods': 'POST, GET, OPTIONS, PUT, DELETE',
  'Access-Control-Allow-Origin': '*',
});

type Route = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => void;

export interface MemberHttpDependencies {
  readonly server: KvorumServer;
  readonly logger: Logger;
}

/** What a member answers over plain HTTP: to clients, and to those who watch over it. */
export class MemberHttp {
  readonly #server: KvorumServer;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #health: HealthEndpoint;
  readonly #checks: readonly HealthChecks[];
  readonly #metrics: MetricsEndpoint;

  constructor({ server, logger }: MemberHttpDependencies) {
    this.#server = server;
    this.#health = new HealthEndpoint({ server, logger });
    this.#checks = [
      new HealthChecks('livez', livenessChecks(server), logger),
      new HealthChecks('readyz', readinessChecks(server), logger),
    ];
    this.#metrics = new MetricsEndpoint(async () => '');
    this.#routes = new Map<string, Route>([
      ['/health', (request, response, query) => this.#health.handle(request, response, query)],
      ['/metrics', (request, response) => this.#metrics.handle(request, response)],
    ]);
  }

  /** Answers on the client port and at `--listen-client-http-urls`. */
  get clientHandler(): RequestListener {
    const routes = new Map([
      ...this.#routes,
      ['/version', (request, response) => answerVersion(this.#server, request, response)],
      ['/debug/vars', (request, response) => handleDebugVars(this.#server, request, response)],
    ] satisfies [string, Route][]);
    return (request, response) => {
      for (const [name, value] of CORS_HEADERS) response.setHeader(name, value);
      if (request.method !== 'OPTIONS') {
        this.#answer(routes, request, response);
        return;
      }
      request.resume();
      response.writeHead(200).end();
    };
  }

  /** Answers at `--listen-metrics-urls` (E.2). */
  get metricsHandler(): RequestListener {
    return (request, response) => this.#answer(this.#routes, request, response);
  }

  #answer(
    routes: ReadonlyMap<string, Route>,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    // A body is never looked at; reading it keeps the connection usable.
    request.resume();
    const [path = '/', ...rest] = (request.url ?? '/').split('?');
    const query = new URLSearchParams(rest.join('?'));
    const route = routes.get(path);
    if (route !== undefined) {
      route(request, response, query);
      return;
    }
    if (this.#checks.some((checks) => checks.handle(request, response, path, query))) return;
    sendText(response, 404, '404 page not found\n');
  }
}

function answerVersion(
  server: KvorumServer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (refuseOtherMethods(request, response)) return;
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(versionText(server));
}
