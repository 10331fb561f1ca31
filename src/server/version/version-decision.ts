import { compareMinor, parseVersion, type SemanticVersion } from '../../peer/index.js';
import { clusterVersionText, downgradeTarget, MIN_CLUSTER_VERSION } from './cluster-version.js';
import type { DowngradeInfo } from './downgrade-state.js';

/** What a leader decides from. */
export interface VersionFacts {
  /** The cluster's present version; undefined before there is one. */
  readonly clusterVersion: string | undefined;
  /** The server version of every member, this one included; undefined: it did not tell. */
  readonly serverVersions: readonly (string | undefined)[];
  readonly downgrade: DowngradeInfo;
}

/** What a leader finds: a version to set, nothing to do, or a downgrade that cannot be. */
export type VersionDecision =
  | { readonly kind: 'set'; readonly version: string }
  | { readonly kind: 'keep' }
  | { readonly kind: 'invalid downgrade target' };

const KEEP: VersionDecision = { kind: 'keep' };
const INVALID: VersionDecision = { kind: 'invalid downgrade target' };

/** The version that the cluster should have (formats.md §8.3). */
export function decideClusterVersion(facts: VersionFacts): VersionDecision {
  const lowest = lowestVersion(facts.serverVersions);
  const current =
    facts.clusterVersion === undefined ? undefined : parseVersion(facts.clusterVersion);
  if (current === undefined) {
    const version = lowest === undefined ? MIN_CLUSTER_VERSION : clusterVersionText(lowest);
    return { kind: 'set', version };
  }
  if (lowest === undefined) return KEEP;
  if (facts.downgrade.enabled) return decideDowngrade(current, lowest, facts.downgrade);
  const isRaised = current.major === lowest.major && current.minor < lowest.minor;
  return isRaised ? { kind: 'set', version: clusterVersionText(lowest) } : KEEP;
}

function decideDowngrade(
  current: SemanticVersion,
  lowest: SemanticVersion,
  downgrade: DowngradeInfo,
): VersionDecision {
  const target = parseVersion(downgrade.targetVersion);
  if (target === undefined) return INVALID;
  if (compareMinor(target, current) === 0) return KEEP;
  const isValid =
    compareMinor(target, downgradeTarget(current)) === 0 &&
    compareMinor(target, downgradeTarget(lowest)) === 0;
  return isValid ? { kind: 'set', version: clusterVersionText(target) } : INVALID;
}

/** Whether every member runs the version that the cluster is being downgraded to. */
export function isDowngradeDone(
  targetVersion: string,
  serverVersions: readonly (string | undefined)[],
): boolean {
  const target = parseVersion(targetVersion);
  if (target === undefined) return false;
  return serverVersions.every((text) => {
    const version = text === undefined ? undefined : parseVersion(text);
    return version !== undefined && compareMinor(version, target) === 0;
  });
}

/** Undefined if any member's is not known. */
function lowestVersion(texts: readonly (string | undefined)[]): SemanticVersion | undefined {
  let lowest: SemanticVersion | undefined;
  for (const text of texts) {
    const version = text === undefined ? undefined : parseVersion(text);
    if (version === undefined) return undefined;
    if (lowest === undefined || compareMinor(version, lowest) < 0) lowest = version;
  }
  return lowest;
}
