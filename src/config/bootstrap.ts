import type { Config } from './config.js';
import { FlagValueError, startFailed } from './errors.js';
import { goQuote } from './go-text.js';
import { compareText, parseUrls } from './urls.js';

/** The members of a new cluster: name to its peer URLs, sorted. */
export type InitialCluster = ReadonlyMap<string, readonly string[]>;

/**
 * Reads `name=url,name=url,…`; a name given several times has several URLs.
 * @throws StartError for a URL that is none
 */
export function parseInitialCluster(text: string): InitialCluster {
  const members = new Map<string, string[]>();
  for (const item of text.split(',')) {
    if (item === '') continue;
    const equals = item.indexOf('=');
    const name = equals < 0 ? item : item.slice(0, equals);
    const url = equals < 0 ? '' : item.slice(equals + 1);
    members.set(name, [...(members.get(name) ?? []), url]);
  }
  try {
    for (const [name, urls] of members) {
      const parsed = urls.flatMap((url) => parseUrls(url)).map((url) => url.text);
      members.set(name, parsed.sort(compareText));
    }
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error;
    throw startFailed(`error setting up initial cluster: ${error.message}`);
  }
  return members;
}

/** `name=url,…` in etcd's canonical order. */
export function formatInitialCluster(members: InitialCluster): string {
  const pairs = [...members].flatMap(([name, urls]) => urls.map((url) => `${name}=${url}`));
  return pairs.sort(compareText).join(',');
}

const quoteAll = (urls: readonly string[]): string => `[${urls.map(goQuote).join(' ')}]`;

/** Whether the members of the cluster are told by a discovery service or by DNS. */
export function usesDiscovery({ discovery }: Config): boolean {
  return discovery.endpoints.length > 0 || discovery.srvDomain !== '';
}

/**
 * The checks before a member without data founds or joins a cluster: it is listed under its name,
 * with exactly the peer URLs it advertises, and no URL is listed twice. (When the data directory
 * has a write-ahead log already, none of this counts any more.)
 *
 * URLs are compared as written; etcd would also resolve host names first.
 * @throws StartError
 */
export function verifyBootstrap(config: Config): InitialCluster {
  // Then it is found out later who belongs to the cluster, and checked then.
  if (usesDiscovery(config) && config.initialCluster === '') return new Map();
  const members = parseInitialCluster(config.initialCluster);
  const listed = members.get(config.name);
  if (listed === undefined) {
    const name = goQuote(config.name);
    throw startFailed(`couldn't find local name ${name} in the initial cluster configuration`);
  }
  if (config.initialClusterState === 'new') checkAdvertised(config, listed);
  const urls = [...members.values()].flat();
  if (new Set(urls).size < urls.length) {
    throw startFailed(`initial cluster ${formatInitialCluster(members)} has duplicate url`);
  }
  return members;
}

function checkAdvertised(config: Config, listed: readonly string[]): void {
  const advertised = [...config.initialAdvertisePeerUrls].sort(compareText);
  const lengths = `len(${quoteAll(advertised)}) != len(${quoteAll(listed)})`;
  const own = advertised.map((url) => `${config.name}=${url}`).join(',');
  const missing = listed.filter((url) => !advertised.includes(url));
  if (missing.length > 0) {
    const pairs = missing.map((url) => `${config.name}=${url}`).join(',');
    const different = listed.findIndex((url, index) => url !== advertised[index]);
    const pair = `${goQuote(advertised[different] ?? '')} != ${goQuote(listed[different] ?? '')}`;
    const sameLength = listed.length === advertised.length;
    const detail = sameLength ? `resolved urls: ${pair}` : lengths;
    const flag = `--initial-advertise-peer-urls=${advertised.join(',')}`;
    throw startFailed(`--initial-cluster has ${pairs} but missing from ${flag} (${detail})`);
  }
  const unlisted = advertised.filter((url) => !listed.includes(url));
  if (unlisted.length > 0) {
    const what = `--initial-advertise-peer-urls has ${unlisted.join(',')}`;
    throw startFailed(`${what} but missing from --initial-cluster=${own}`);
  }
  if (listed.length !== advertised.length) {
    const what = `failed to resolve ${advertised.join(',')} to match --initial-cluster=${own}`;
    throw startFailed(`${what} (${lengths})`);
  }
}
