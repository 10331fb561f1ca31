import { type Clock, systemClock } from '../base/clock.js';
import { type Logger, silentLogger } from '../base/logger.js';
import { type Random, systemRandom } from '../base/random.js';
import type { Config } from '../config/index.js';
import { NodePeerConnector } from '../peer/index.js';
import { KvorumServer } from '../server/index.js';
import { Listeners, type ServedAddress } from './listeners.js';
import { serverOptions } from './server-options.js';
import { acceptTls, connectTls, tlsOptions } from './tls.js';

export interface StartDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
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
  const log = logger.child('embed/start-server');
  const options = serverOptions(config);
  const bound: Listeners[] = [];
  const closeListeners = async (): Promise<void> => {
    await Promise.all(bound.map((listeners) => listeners.close()));
  };
  let server: KvorumServer;
  try {
    const tools = { logger: log, clock };
    const peerTls = tlsOptions('peer', config, tools);
    const clientTls = tlsOptions('client', config, tools);
    const connector = new NodePeerConnector(connectTls(peerTls, tools));
    const { listenPeerUrls, listenClientUrls } = config;
    const acceptPeers = acceptTls('peer', listenPeerUrls, peerTls, config, tools);
    const acceptClients = acceptTls('client', listenClientUrls, clientTls, config, tools);
    bound.push(await Listeners.bind(listenPeerUrls, { ...tools, acceptTls: acceptPeers }));
    bound.push(await Listeners.bind(listenClientUrls, { ...tools, acceptTls: acceptClients }));
    server = await KvorumServer.open(options, { logger, clock, random, connector });
  } catch (error) {
    await closeListeners();
    throw error;
  }
  const [peers, clients] = bound;
  const stopped = server.stopped.then(async (failure) => {
    await closeListeners();
    if (failure !== undefined) throw failure;
  });
  // Whoever cares waits for it; until then it must not count as unhandled.
  stopped.catch(() => {});
  // Other members are answered first: they are needed to become ready.
  peers?.servePeers(server);
  await server.start();
  const isReady = await Promise.race([server.ready.then(() => true), stopped.then(() => false)]);
  if (!isReady) throw new Error('the member has stopped before it could serve');
  clients?.serveClients(server, config, { logger: log, clock });
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
