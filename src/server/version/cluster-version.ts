import { SERVER_VERSION } from '../../base/version.js';
import { compareMinor, parseVersion, type SemanticVersion } from '../../peer/index.js';

/** What a cluster starts with while not all members have told their version. */
export const MIN_CLUSTER_VERSION = '3.0.0';
/**
 * Members before it know no requests about names, versions and downgrades: one of these in the log
 * stops them for good.
 */
export const FIRST_CLUSTER_REQUESTS: SemanticVersion = { major: 3, minor: 5 };
/** Before it, the stored format has no version. */
const FIRST_STORAGE_VERSION: SemanticVersion = { major: 3, minor: 6 };

/** The cluster's version is above this member's: it does not know what the others may write. */
export class ClusterVersionError extends Error {
  override readonly name = 'ClusterVersionError';
}

/** A version as a cluster has it: the patch number is always 0. */
export function clusterVersionText({ major, minor }: SemanticVersion): string {
  return `${major}.${minor}.0`;
}

/** As clients are shown it: `3.7`. */
export function majorMinorText(version: string): string {
  const parsed = parseVersion(version);
  return parsed === undefined ? version : `${parsed.major}.${parsed.minor}`;
}

/** The version that one may go down to from `version`: the minor before it. */
export function downgradeTarget({ major, minor }: SemanticVersion): SemanticVersion {
  return { major, minor: minor - 1 };
}

/**
 * The version of the stored format that goes with a cluster version; undefined: it has none, and what
 * is stored of it goes away (formats.md §4).
 */
export function storageVersionFor(clusterVersion: string): string | undefined {
  const parsed = parseVersion(clusterVersion);
  if (parsed === undefined || compareMinor(parsed, FIRST_STORAGE_VERSION) < 0) return undefined;
  return clusterVersionText(parsed);
}

/**
 * Whether this member may go on in a cluster of that version: asked at the start and whenever the
 * version is set. A real member stops with the same words.
 * @throws ClusterVersionError
 */
export function refuseNewerCluster(
  clusterVersion: string | undefined,
  serverVersion = SERVER_VERSION,
): void {
  if (clusterVersion === undefined) return;
  const cluster = parseVersion(clusterVersion);
  const server = parseVersion(serverVersion);
  if (cluster === undefined) {
    throw new ClusterVersionError(`the cluster's version cannot be read: ${clusterVersion}`);
  }
  if (server !== undefined && compareMinor(server, cluster) >= 0) return;
  const reason = 'invalid downgrade; server version is lower than determined cluster version';
  throw new ClusterVersionError(`${reason} (${serverVersion}, ${clusterVersion})`);
}
