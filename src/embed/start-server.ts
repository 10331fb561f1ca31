import { type Clock, systemClock } from '../base/clock.js';
import { type Logger, silentLogger } from '../base/logger.js';
import { maxOpenFiles } from '../base/process-limits.js';
import { type Random, systemRandom } from '../base/random.js';
import type { Config, ListenUrl } from '../config/index.js';
import { MemberHttp } from '../http/index.js';
import { NodePeerConnector } from '../peer/index.js';
import { KvorumServer } from '../server/index.js';
import { connectionBudget } from './connection-budget.js';
import { discoverCluster, type Resolver, systemResolver } from './discovery/index.js';
import { Listeners, type ServedAddress } from './listeners.js';
import { httpOptions, serverOptions } from './server-options.js';
import { acceptTls, checkMetricsUrls, connectTls, type TlsSide, tlsOptions } from './tls.js';

export interface StartDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Tells where the members are that DNS is to name (`--discovery-srv`). */
  readonly resolver: Resolver;
}

/** A member that runs in this process. */
export interface RunningServer {
  /** Where clients reach it, as bound (ports chosen by the system filled in). */
  readonly clientUrls: readonly string[];
  /** Stops it: open calls end, everything acknowledged is on disk. */
  stop(): Promise<void>;
  /** Resolves when it has stopped; rejects if it had to, because it could not go on safely. */
  readonly stopped: Promise<void>;
}

/**
 * Starts a member: binds the sockets, opens the data, and resolves when it serves clients. Rejects,
 * with nothing left open, if the addresses or the data directory cannot be used.
 */
export async function startServer(
  config: Config,
  dependencies: Partial<StartDependencies> = {},
): Promise<RunningServer> {
  const { logger = silentLogger, clock = systemClock, random = systemRandom } = dependencies;
  const { resolver = systemResolver } = dependencies;
  const log = logger.child('embed/start-server');
  const tools = { logger: log, clock };
  const bound: Listeners[] = [];
  const closeListeners = async (): Promise<void> => {
    await Promise.all(bound.map((listeners) => listeners.close()));
  };
  let server: KvorumServer;
  try {
    const limits = connectionBudget(maxOpenFiles());
    const peerTls = tlsOptions('peer', config, tools);
    const clientTls = tlsOptions('client', config, tools);
    const connector = new NodePeerConnector(connectTls(peerTls, tools));
    checkMetricsUrls(config.listenMetricsUrls, clientTls);
    const bind = async (side: TlsSide | 'metrics', urls: readonly ListenUrl[]): Promise<void> => {
      const tls = side === 'peer' ? peerTls : clientTls;
      const accept = acceptTls(side, urls, tls, config, tools);
      bound.push(await Listeners.bind(urls, { ...tools, acceptTls: accept, limit: limits[side] }));
    };
    await bind('peer', config.listenPeerUrls);
    await bind('client', config.listenClientUrls);
    await bind('client', config.listenClientHttpUrls);
    await bind('metrics', config.listenMetricsUrls);
    const discovered = await discoverCluster(config, { ...tools, resolver });
    const options = serverOptions(discovered);
    server = await KvorumServer.open(options, { logger, clock, random, connector });
  } catch (error) {
    await closeListeners();
    throw error;
  }
  const [peers, clients, httpClients, watchers] = bound;
  const stopped = server.stopped.then(async (failure) => {
    await closeListeners();
    if (failure !== undefined) throw failure;
  });
  // Whoever cares waits for it; until then it must not count as unhandled.
  stopped.catch(() => {});
  // Other members are answered first: they are needed to become ready.
  peers?.servePeers(server);
  await server.start();
  const http = new MemberHttp(httpOptions(config), {
    server,
    clock,
    logger: logger.child('http'),
  });
  void server.stopped.then(() => http.stop());
  // Probes are answered while there is no quorum: the process is alive then, and says so.
  watchers?.serveHttp(http.metricsHandler);
  const isReady = await Promise.race([server.ready.then(() => true), stopped.then(() => false)]);
  if (!isReady) throw new Error('the member has stopped before it could serve');
  clients?.serveClients(server, config, { ...tools, http });
  httpClients?.serveHttp(http.clientHandler);
  log.info('ready to serve client requests');
  const served = clients?.served ?? [];
  for (const { address, isSecure } of served) {
    const message = isSecure
      ? 'serving client traffic securely'
      : 'serving client traffic insecurely; this is strongly discouraged!';
    log.info(message, { traffic: 'grpc+http', address });
  }
  return {
    clientUrls: served.map(servedUrl),
    async stop() {
      // While the leadership is handed over clients are still served.
      await server.handOver();
      // Their calls are finished with the help of the other members, which must be heard for that.
      await clients?.close();
      await closeListeners();
      await server.stop();
      log.info('closed etcd server', { name: config.name, 'data-dir': config.dataDir });
    },
    stopped,
  };
}

function servedUrl({ address, isUnix, isSecure }: ServedAddress): string {
  if (isUnix) return `${isSecure ? 'unixs' : 'unix'}://${address}`;
  return `${isSecure ? 'https' : 'http'}://${address}`;
}
