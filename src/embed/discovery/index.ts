import { getServers, lookup, resolveSrv } from 'node:dns/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import {
  type Config,
  formatInitialCluster,
  parseInitialCluster,
  StartError,
  startFailed,
  usesDiscovery,
  verifyBootstrap,
} from '../../config/index.js';
import { memberId } from '../../membership/index.js';
import { nodeDisk, walExists } from '../../storage/wal/index.js';
import { membersFromSrv, type Resolver } from './srv-records.js';

export type { Resolver } from './srv-records.js';

export interface DiscoveryDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resolver: Resolver;
}

/** The domain name system as this machine sees it; its errors are worded as etcd's. */
export const systemResolver: Resolver = {
  resolveSrv: (name) => resolveSrv(name).catch((error) => failLookup(name, error)),
  async lookup(host) {
    const { address } = await lookup(host).catch((error) => failLookup(host, error));
    return address;
  },
};

const LOOKUP_FAILURES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host',
  ENODATA: 'no such host',
  ESERVFAIL: 'server misbehaving',
  ETIMEOUT: 'i/o timeout',
};

function failLookup(name: string, error: NodeJS.ErrnoException): never {
  const reason = LOOKUP_FAILURES[error.code ?? ''];
  if (reason === undefined) throw error;
  const [server = 'an unknown server'] = getServers();
  // A server's port is told only where it is not the usual one.
  const hasPort = /^(\d+\.\d+\.\d+\.\d+|\[.*\]):\d+$/.test(server);
  const address = hasPort ? server : `${server.includes(':') ? `[${server}]` : server}:53`;
  throw new Error(`lookup ${name} on ${address}: ${reason}`, { cause: error });
}

/**
 * The configuration with the initial cluster filled in, where `--discovery-srv` or
 * `--discovery-endpoints` are to tell it. That may take as long as other members are awaited. A member
 * that has a log knows its cluster already.
 * @throws StartError
 */
export async function discoverCluster(
  config: Config,
  dependencies: DiscoveryDependencies,
): Promise<Config> {
  if (!usesDiscovery(config)) return config;
  const walDir = config.walDir === '' ? join(config.dataDir, 'member', 'wal') : config.walDir;
  const isKnown = await walExists(nodeDisk, walDir);
  if (config.discovery.srvDomain !== '') {
    return isKnown ? config : await discoverBySrv(config, dependencies);
  }
  if (!isKnown) return await discoverByRegistry(config, dependencies);
  dependencies.logger.warn(
    'discovery token is ignored since cluster already initialized; valid logs are found',
    { 'wal-dir': walDir },
  );
  return config;
}

async function discoverBySrv(
  config: Config,
  { logger, resolver }: DiscoveryDependencies,
): Promise<Config> {
  const { discovery, name, initialAdvertisePeerUrls } = config;
  const { srvDomain: domain, srvName: serviceSuffix } = discovery;
  let initialCluster: string;
  try {
    initialCluster = await membersFromSrv(
      { name, domain, serviceSuffix, advertisePeerUrls: initialAdvertisePeerUrls },
      { resolver, logger },
    );
  } catch (error) {
    throw startFailed(`error setting up initial cluster: ${errorText(error)}`);
  }
  const listed = parseInitialCluster(initialCluster).get(name);
  if (listed === undefined) {
    const member = JSON.stringify(name);
    const reason = `cannot find local etcd member ${member} in SRV records`;
    throw startFailed(`error setting up initial cluster: ${reason}`);
  }
  const found = { ...config, initialCluster };
  // Records name hosts where URLs may have addresses. The records that are this member's were found
  // by their address, so they need be compared as text only if some are missing.
  const isComplete = listed.length === initialAdvertisePeerUrls.length;
  verifyBootstrap(isComplete ? { ...found, initialAdvertisePeerUrls: listed } : found);
  return found;
}

async function discoverByRegistry(config: Config, tools: DiscoveryDependencies): Promise<Config> {
  const { token, endpoints } = config.discovery;
  if (config.initialClusterState === 'existing') {
    throw startFailed('discovery URL should not be set when joining existing initial cluster');
  }
  const { clock, logger } = tools;
  logger.info('Bootstrapping cluster using v3 discovery.');
  let initialCluster: string;
  try {
    initialCluster = await joinByRegistry(config, clock, logger);
  } catch (error) {
    const reason = `failed to join discovery cluster (${errorText(error)})`;
    logger.warn('failed to bootstrap; discovery token was already used', {
      'discovery-token': token,
      'discovery-endpoints': endpoints,
      error: reason,
    });
    const message = 'do not reuse discovery token; generate a new one to bootstrap a cluster';
    throw new StartError(reason, 1, { line: { level: 'warn', message, fields: {} } });
  }
  const members = parseInitialCluster(initialCluster);
  const urls = [...members.values()].flat();
  if (new Set(urls).size < urls.length) {
    throw startFailed(`discovery cluster ${formatInitialCluster(members)} has duplicate url`);
  }
  const found = { ...config, initialCluster, initialClusterToken: token };
  // Two members of the same name would be taken for one with the URLs of both.
  verifyBootstrap(found);
  return found;
}

async function joinByRegistry(config: Config, clock: Clock, logger: Logger): Promise<string> {
  const { discovery, name, initialAdvertisePeerUrls } = config;
  const { token, endpoints } = discovery;
  // Loaded only by the few who need it: gRPC's client takes its time.
  const { RegistryClient } = await import('./registry-client.js');
  const { ClusterRegistry } = await import('./registry.js');
  const client = new RegistryClient(discovery);
  const registry = new ClusterRegistry(
    {
      token,
      memberId: memberId(initialAdvertisePeerUrls, token),
      self: formatInitialCluster(new Map([[name, initialAdvertisePeerUrls]])),
    },
    { registry: client, clock, logger },
  );
  const fields = { 'discovery-token': token, 'discovery-endpoints': endpoints.join() };
  try {
    const cluster = await registry.join();
    logger.info('discovery joined cluster successfully', { ...fields, cluster });
    requireUrls(cluster);
    return cluster;
  } catch (error) {
    const line = { ...fields, cluster: '', error: errorText(error) };
    logger.error('discovery failed to join cluster', line);
    throw error;
  } finally {
    client.close();
  }
}

function requireUrls(cluster: string): void {
  try {
    parseInitialCluster(cluster);
  } catch (error) {
    throw new Error('discovery: invalid peer URL', { cause: error });
  }
}
