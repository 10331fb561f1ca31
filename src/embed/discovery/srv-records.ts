import type { SrvRecord } from 'node:dns';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';

/** What is asked of the domain name system. */
export interface Resolver {
  /** @throws if there is no such record */
  resolveSrv(name: string): Promise<SrvRecord[]>;
  /** The address of a host; an address is its own. */
  lookup(host: string): Promise<string>;
}

export interface SrvOptions {
  /** Name of this member. */
  readonly name: string;
  /** `--discovery-srv`. */
  readonly domain: string;
  /** `--discovery-srv-name`. */
  readonly serviceSuffix: string;
  readonly advertisePeerUrls: readonly string[];
}

export interface SrvDependencies {
  readonly resolver: Resolver;
  readonly logger: Logger;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The founding members of a cluster in the form of `--initial-cluster`, as the SRV records of a domain
 * tell them: `_etcd-server-ssl._tcp` for `https` URLs, `_etcd-server._tcp` for `http`. The one record
 * that leads to an advertised URL of this member gets its name, the others are numbered.
 * @throws Error if neither service has a member, with both reasons
 */
export async function membersFromSrv(
  options: SrvOptions,
  { resolver, logger }: SrvDependencies,
): Promise<string> {
  const members: string[] = [];
  const problems: string[] = [];
  for (const [scheme, service] of [
    ['https', 'etcd-server-ssl'],
    ['http', 'etcd-server'],
  ] as const) {
    const suffix = options.serviceSuffix === '' ? '' : `-${options.serviceSuffix}`;
    const found: string[] = [];
    let problem: string | undefined;
    try {
      found.push(...(await membersOfService(scheme, service + suffix, options, resolver)));
    } catch (error) {
      problem = `error querying DNS SRV records for _${service}${suffix} ${errorText(error)}`;
      problems.push(problem);
    }
    members.push(...found);
    logger.info(`get cluster for ${service} SRV`, {
      'service-scheme': scheme,
      'service-name': service + suffix,
      'server-name': options.name,
      'discovery-srv': options.domain,
      'advertise-peer-urls': options.advertisePeerUrls,
      'found-cluster': found,
      ...(problem === undefined ? {} : { error: problem }),
    });
  }
  if (problems.length > 0) {
    const error = problems.join('\n');
    logger.warn('failed to resolve during SRV discovery', { error });
    if (members.length === 0) throw new Error(error);
  }
  for (const node of members) logger.info('got bootstrap from DNS for etcd-server', { node });
  return members.join();
}

/** Throws what was wrong with the last record if not one of them is of use. */
async function membersOfService(
  scheme: 'http' | 'https',
  service: string,
  { name, domain, advertisePeerUrls }: SrvOptions,
  resolver: Resolver,
): Promise<string[]> {
  const own = new Map<string, URL>();
  for (const text of advertisePeerUrls) {
    const url = new URL(text);
    own.set(await addressOf(url.hostname, portOf(url), resolver), url);
  }
  const records = await resolver.resolveSrv(`_${service}._tcp.${domain}`);
  records.sort((a, b) => a.priority - b.priority);
  const members: string[] = [];
  let unnamed = 0;
  let problem: unknown;
  for (const { name: target, port } of records) {
    const host = target.replace(/\.$/, '');
    const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
    try {
      const ownUrl = own.get(await addressOf(host, String(port), resolver));
      const memberName = ownUrl === undefined ? String(unnamed++) : name;
      if (ownUrl === undefined || ownUrl.protocol === `${scheme}:`) {
        members.push(`${memberName}=${url}`);
      } else {
        const expected = ownUrl.href.replace(/\/$/, '');
        problem = new Error(
          `bootstrap at ${url} from DNS for ${service} has scheme mismatch with expected peer ${expected}`,
        );
      }
    } catch (error) {
      problem = error;
    }
  }
  if (members.length === 0 && problem !== undefined) throw problem;
  return members;
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port;
}

async function addressOf(host: string, port: string, resolver: Resolver): Promise<string> {
  return `${await resolver.lookup(host.replace(/^\[|\]$/g, ''))} ${port}`;
}
