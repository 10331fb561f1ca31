import { lookup } from 'node:dns/promises';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { SERVER_VERSION } from '../../base/version.js';
import { formatId } from '../../membership/index.js';
import type { ClusterQueries, ListedCluster, ListedMember } from '../../peer/index.js';
import type { InitialMember } from '../options.js';
import { BootstrapError } from './errors.js';
import type { Founding, Identity } from './founding.js';

/** A running cluster that this member is one of. */
export interface Joining extends Identity {
  /** All its members; the others are told apart from this one by id. */
  readonly members: readonly ListedMember[];
}

export interface JoinOptions {
  readonly name: string;
  readonly initialMembers: readonly InitialMember[];
  readonly initialClusterToken: string;
}

/** The oldest cluster version that a member of this version can live in. */
const MIN_CLUSTER_VERSION = [3, 0] as const;

/**
 * Finds out who this member is in a cluster that runs already (formats.md §8.3): another member is asked
 * for the list, which has to agree with `initialMembers`, and all for their versions.
 * @throws BootstrapError
 */
export async function joinCluster(
  options: JoinOptions,
  queries: ClusterQueries,
  logger: Logger,
): Promise<Joining> {
  const others = remotePeerUrls(options);
  const existing = await firstCluster(others, queries, logger);
  if (existing === undefined) {
    throw noClusterInfo('could not retrieve cluster information from the given URLs');
  }
  if (existing.members.length === 0) {
    throw noClusterInfo('failed to get raft cluster member(s) from the given URLs');
  }
  const names = await matchMembers(existing, options.initialMembers);
  const own = existing.members.find((member) => names.get(member.id) === options.name);
  if (own === undefined) throw new BootstrapError(`${options.name} is not in the cluster`);
  await checkVersions(existing, own.id, queries, logger);
  return { memberId: own.id, clusterId: existing.clusterId, members: existing.members };
}

/**
 * A member whose data is lost must not found its cluster once more: the others may have built on
 * promises that it no longer knows of.
 * @throws BootstrapError if a running cluster knows the member as one that has served already
 */
export async function checkNotBootstrapped(
  options: JoinOptions,
  founding: Founding,
  queries: ClusterQueries,
): Promise<void> {
  const running = await firstCluster(remotePeerUrls(options), queries, undefined);
  const known = running?.members.find((member) => member.id === founding.memberId);
  if (known !== undefined && known.clientUrls.length > 0) {
    throw new BootstrapError(`member ${formatId(known.id)} has already been bootstrapped`);
  }
}

function noClusterInfo(reason: string): BootstrapError {
  return new BootstrapError(`cannot fetch cluster info from peer urls: ${reason}`);
}

/** Peer URLs of the other members, sorted. */
function remotePeerUrls({ initialMembers, name }: JoinOptions): string[] {
  return initialMembers
    .filter((member) => member.name !== name)
    .flatMap((member) => member.peerUrls)
    .sort();
}

/** The first answer counts. Where nobody need be there yet, nobody is told of those that are not. */
async function firstCluster(
  urls: readonly string[],
  queries: ClusterQueries,
  logger: Logger | undefined,
): Promise<ListedCluster | undefined> {
  for (const url of urls) {
    try {
      return await queries.members(url);
    } catch (error) {
      logger?.warn('failed to get cluster response', {
        address: `${url}/members`,
        error: errorText(error),
      });
    }
  }
  return undefined;
}

/** The names that the flags give to the members of the running cluster. */
async function matchMembers(
  existing: ListedCluster,
  initialMembers: readonly InitialMember[],
): Promise<Map<bigint, string>> {
  const problem = (reason: string): BootstrapError => {
    const shown = existing.members.map((m) => `${formatId(m.id)}=${m.peerUrls.join(',')}`);
    return new BootstrapError(`error validating peerURLs {${shown.join(' ')}}: ${reason}`);
  };
  if (existing.members.length !== initialMembers.length) throw problem('member count is unequal');
  const names = new Map<bigint, string>();
  for (const member of existing.members) {
    const listed = await findAsync(initialMembers, (candidate) =>
      sameUrls(candidate.peerUrls, member.peerUrls),
    );
    if (listed === undefined) {
      const urls = `[${member.peerUrls.join(' ')}]`;
      throw problem(
        `PeerURLs: no match found for existing member (${formatId(member.id)}, ${urls})`,
      );
    }
    names.set(member.id, listed.name);
  }
  return names;
}

async function findAsync<T>(
  list: readonly T[],
  matches: (element: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const element of list) if (await matches(element)) return element;
  return undefined;
}

/** The same URLs as written, or once their host names are resolved. */
async function sameUrls(left: readonly string[], right: readonly string[]): Promise<boolean> {
  if (left.length !== right.length) return false;
  const key = (urls: readonly string[]): string => [...urls].sort().join();
  if (key(left) === key(right)) return true;
  const resolve = (urls: readonly string[]) => Promise.all(urls.map(resolveHost));
  return key(await resolve(left)) === key(await resolve(right));
}

async function resolveHost(text: string): Promise<string> {
  const [, scheme, host, rest] = /^(https?:\/\/)(\[[^\]]*\]|[^:/]*)(.*)$/.exec(text) ?? [];
  if (scheme === undefined || host === undefined || host === '') return text;
  try {
    const { address } = await lookup(host.replace(/^\[|\]$/g, ''));
    return scheme + address + rest;
  } catch {
    return text;
  }
}

/**
 * At least one other member must answer, with a cluster version that this one can live in, and none
 * with another.
 */
async function checkVersions(
  { members }: ListedCluster,
  ownId: bigint,
  queries: ClusterQueries,
  logger: Logger,
): Promise<void> {
  const others = members.filter((member) => member.id !== ownId);
  const versions = await Promise.all(
    others.map((member) => clusterVersion(member, queries, logger)),
  );
  const isDowngrading = await downgradeEnabled(others, queries, logger);
  const [major, minor] = parseVersion(SERVER_VERSION) ?? MIN_CLUSTER_VERSION;
  const highest = isDowngrading ? [major, minor + 1] : [major, minor];
  const lowest = isDowngrading ? highest : MIN_CLUSTER_VERSION;
  let isCompatible = false;
  for (const version of versions) {
    const parsed = version === undefined ? undefined : parseVersion(version);
    if (parsed === undefined) continue;
    const isWithin = compare(parsed, lowest) >= 0 && compare(parsed, highest) <= 0;
    if (!isWithin) {
      logger.warn('cluster version of remote member is not compatible', {
        'remote-member-cluster-version': version,
      });
      throw new BootstrapError('incompatible with current running cluster');
    }
    isCompatible = true;
  }
  if (!isCompatible) throw new BootstrapError('incompatible with current running cluster');
}

async function clusterVersion(
  member: ListedMember,
  queries: ClusterQueries,
  logger: Logger,
): Promise<string | undefined> {
  for (const url of member.peerUrls) {
    try {
      return (await queries.version(url)).cluster;
    } catch (error) {
      logger.warn('failed to get version', {
        address: `${url}/version`,
        'remote-member-id': formatId(member.id),
        error: errorText(error),
      });
    }
  }
  return undefined;
}

async function downgradeEnabled(
  members: readonly ListedMember[],
  queries: ClusterQueries,
  logger: Logger,
): Promise<boolean> {
  for (const url of members.flatMap((member) => member.peerUrls)) {
    try {
      return await queries.isDowngradeEnabled(url);
    } catch (error) {
      logger.debug('failed to get downgrade status', { address: url, error: errorText(error) });
    }
  }
  return false;
}

type Version = readonly [major: number, minor: number];

function parseVersion(text: string): Version | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

function compare(left: readonly number[], right: readonly number[]): number {
  return (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0);
}
