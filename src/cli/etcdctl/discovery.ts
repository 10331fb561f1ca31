import { resolveSrv } from 'node:dns/promises';
import { goQuote } from '../../config/go-text.js';
import { CommandError, EXIT } from './exit.js';

export interface DiscoveryOptions {
  readonly domain: string;
  /** Behind the service's name: `etcd-client-<name>`. */
  readonly serviceName: string;
  /** Whether endpoints without TLS are taken. */
  readonly insecure: boolean;
}

/** Finds the endpoints of one service; undefined if the name has no SRV records. */
async function lookUp(service: string, scheme: string, domain: string) {
  try {
    const records = await resolveSrv(`_${service}._tcp.${domain}`);
    records.sort((a, b) => a.priority - b.priority);
    return records.map(({ name, port }) => `${scheme}://${name.replace(/\.$/, '')}:${port}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * The servers that a domain's SRV records name: those with TLS first. `onIgnored` is told of each that
 * was left out because it has none.
 * @throws CommandError if there are no records at all
 */
export async function discoverEndpoints(
  { domain, serviceName, insecure }: DiscoveryOptions,
  onIgnored: (line: string) => void,
): Promise<string[]> {
  const suffix = serviceName === '' ? '' : `-${serviceName}`;
  const [secured, plain] = await Promise.all([
    lookUp(`etcd-client-ssl${suffix}`, 'https', domain),
    lookUp(`etcd-client${suffix}`, 'http', domain),
  ]);
  if (secured instanceof Error && plain instanceof Error) {
    const what = `dns lookup errors: ${secured.message} and ${plain.message}`;
    throw new CommandError(EXIT.error, what);
  }
  const endpoints = [secured, plain].flatMap((list) => (list instanceof Error ? [] : list));
  if (insecure) return endpoints;
  return endpoints.filter((endpoint) => {
    if (endpoint.startsWith('https:')) return true;
    onIgnored(`ignoring discovered insecure endpoint ${goQuote(endpoint)}\n`);
    return false;
  });
}
