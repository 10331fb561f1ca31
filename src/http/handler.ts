import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { KvorumServer } from '../server/index.js';
import type { RpcMethod } from '../transport/index.js';
import { Access, type AccessOptions } from './access.js';
import { refuseOtherMethods, sendText, versionText } from './answers.js';
import { handleDebugVars } from './debug-vars.js';
import { HealthEndpoint } from './health.js';
import { HealthChecks, livenessChecks, readinessChecks } from './health-checks.js';
import { healthFamilies } from './metrics/health-families.js';
import { type FeatureState, memberFamilies } from './metrics/member-families.js';
import { PeerRoundTrips, peerFamilies, snapshotFamilies } from './metrics/peer-families.js';
import { processFamilies, scrapeFamilies } from './metrics/process-families.js';
import type { MetricsRegistry } from './metrics/registry.js';
import { type RpcCallOptions, RpcCalls } from './metrics/rpc-calls.js';
import { rpcFamilies } from './metrics/rpc-families.js';
import { storeFamilies } from './metrics/store-families.js';
import { MetricsEndpoint } from './metrics-endpoint.js';

type Route = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => void;

export interface MemberHttpOptions extends RpcCallOptions, AccessOptions {
  readonly features: readonly FeatureState[];
}

export interface MemberHttpDependencies {
  readonly server: KvorumServer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a member answers over plain HTTP: to clients, and to those who watch over it. */
export class MemberHttp {
  readonly #server: KvorumServer;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #health: HealthEndpoint;
  readonly #checks: readonly HealthChecks[];
  readonly #metrics: MetricsEndpoint;
  readonly #calls: RpcCalls;
  readonly #access: Access;
  readonly #roundTrips: PeerRoundTrips;
  #registry: Promise<MetricsRegistry> | undefined;

  constructor(options: MemberHttpOptions, { server, clock, logger }: MemberHttpDependencies) {
    this.#server = server;
    this.#health = new HealthEndpoint({ server, logger });
    this.#checks = [
      new HealthChecks('livez', livenessChecks(server), logger),
      new HealthChecks('readyz', readinessChecks(server), logger),
    ];
    this.#access = new Access(options, logger);
    this.#calls = new RpcCalls(options, { clock, logger });
    this.#roundTrips = new PeerRoundTrips(server, clock);
    this.#metrics = new MetricsEndpoint(async () => {
      this.#registry ??= this.#createRegistry(options.features);
      return (await this.#registry).render();
    });
    this.#routes = new Map<string, Route>([
      ['/health', (request, response, query) => this.#health.handle(request, response, query)],
      ['/metrics', (request, response) => this.#metrics.handle(request, response)],
    ]);
  }

  /** The methods that clients call, counted. */
  countCalls(methods: readonly RpcMethod[]): RpcMethod[] {
    return this.#calls.count(methods);
  }

  stop(): void {
    this.#calls.stop();
    this.#roundTrips.stop();
  }

  /** Made, and its library loaded, when the metrics are asked for the first time. */
  async #createRegistry(features: readonly FeatureState[]): Promise<MetricsRegistry> {
    const { MetricsRegistry } = await import('./metrics/registry.js');
    return new MetricsRegistry([
      ...memberFamilies(this.#server, features),
      ...storeFamilies(this.#server),
      ...peerFamilies(this.#server, this.#roundTrips),
      ...snapshotFamilies(this.#server),
      ...rpcFamilies(this.#calls),
      ...healthFamilies(
        () => this.#health.counts,
        () => this.#checks.flatMap(({ results }) => results),
      ),
      ...processFamilies(),
      ...scrapeFamilies(() => this.#metrics.counts),
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
      if (!this.#access.admit(request, response)) {
        request.resume();
        return;
      }
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
