import type { IncomingHttpHeaders } from 'node:http';
import { formatNodeId, type NodeId } from '../raft/index.js';
import type { PeerSettings } from './options.js';
import { compareMinor, parseVersion, type SemanticVersion } from './semantic-version.js';

/** The lowest version whose members can work with this one. */
const MIN_CLUSTER_VERSION = '3.0.0';
const LOWEST_VERSION: SemanticVersion = { major: 3, minor: 0 };
/** What a member is that does not say it. */
const ANCIENT_VERSION = '2.0.0';

/** The bodies of answers with status 412. */
export const INCOMPATIBLE_VERSION = 'incompatible version';
export const CLUSTER_ID_MISMATCH = 'cluster ID mismatch';

/** The headers that introduce this member to another (formats.md §7.2). */
export function introduction(settings: PeerSettings): Record<string, string> {
  return {
    'X-Server-From': formatNodeId(settings.memberId),
    'X-Server-Version': settings.version,
    'X-Min-Cluster-Version': MIN_CLUSTER_VERSION,
    'X-Etcd-Cluster-ID': formatNodeId(settings.clusterId),
    'X-PeerURLs': settings.peerUrls.join(','),
  };
}

/** The value of a header, empty if it is not there. `name` in lower case. */
export function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** Reads an id as it stands in paths and headers: hexadecimal. Undefined if it is none. */
export function parseId(text: string): NodeId | undefined {
  if (!/^[0-9a-fA-F]{1,32}$/.test(text)) return undefined;
  const id = BigInt(`0x${text}`);
  return id >> 64n === 0n ? id : undefined;
}

/**
 * Why a request from a member with these headers is refused, or undefined if it is not.
 * A version that cannot be read is as bad as one that is too low.
 */
export function incompatibility(
  headers: IncomingHttpHeaders,
  settings: PeerSettings,
): typeof INCOMPATIBLE_VERSION | typeof CLUSTER_ID_MISMATCH | undefined {
  const server = parseVersion(headerText(headers, 'x-server-version') || ANCIENT_VERSION);
  const minimum = parseVersion(headerText(headers, 'x-min-cluster-version') || ANCIENT_VERSION);
  const own = parseVersion(settings.version);
  if (server === undefined || minimum === undefined || own === undefined) {
    return INCOMPATIBLE_VERSION;
  }
  if (compareMinor(server, LOWEST_VERSION) < 0 || compareMinor(minimum, own) > 0) {
    return INCOMPATIBLE_VERSION;
  }
  const clusterId = headerText(headers, 'x-etcd-cluster-id');
  return clusterId === formatNodeId(settings.clusterId) ? undefined : CLUSTER_ID_MISMATCH;
}

/**
 * Whether a member that answers with these headers can send a stream: lower minor versions than this
 * one's must be known to have existed, higher ones are taken on trust (formats.md §7.3).
 */
export function supportsStreams(headers: IncomingHttpHeaders, settings: PeerSettings): boolean {
  const remote = parseVersion(headerText(headers, 'x-server-version') || ANCIENT_VERSION);
  const own = parseVersion(settings.version);
  if (remote === undefined || own === undefined) return false;
  if (compareMinor(remote, own) >= 0 || remote.major === 3) return true;
  return remote.major === 2 && remote.minor >= 1 && remote.minor <= 3;
}
