import { EtcdError } from '../../base/errors.js';
import { compareMinor, parseVersion, type SemanticVersion } from '../../peer/index.js';
import {
  clusterVersionText,
  downgradeTarget,
  FIRST_CLUSTER_REQUESTS,
  majorMinorText,
} from './cluster-version.js';
import type { DowngradeInfo } from './downgrade-state.js';

export interface DowngradesDependencies {
  readonly clusterVersion: () => string | undefined;
  readonly downgrade: () => DowngradeInfo;
  readonly linearizableRead: (callback: (error: Error | null) => void) => void;
  /** Proposes a DowngradeInfoSet request; resolves when it is applied. */
  readonly propose: (request: { readonly enabled: boolean; readonly ver: string }) => Promise<void>;
}

/** Maintenance.Downgrade (G.49): each answers with the cluster's version, as `3.7`. */
export class Downgrades {
  readonly #dependencies: DowngradesDependencies;

  constructor(dependencies: DowngradesDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Whether the cluster could go down to `version` (`3.6` or `3.6.0`).
   * @throws EtcdError WrongDowngradeVersionFormat, ClusterVersionUnavailable,
   *   InvalidDowngradeTargetVersion, DowngradeInProcess, and those of a linearizable read
   */
  async validate(version: string): Promise<string> {
    const target = parseTarget(version);
    const answer = this.#answer();
    await this.#validate(target);
    return answer;
  }

  /**
   * Lets the cluster go down to `version`.
   * @throws as {@link validate}, and EtcdErrors of the proposal
   */
  async enable(version: string): Promise<string> {
    const target = parseTarget(version);
    await this.#validate(target);
    await this.#dependencies.propose({ enabled: true, ver: clusterVersionText(target) });
    return this.#answer();
  }

  /** Ends the job, if there is one; that there is none, or that it failed, is no error to etcd. */
  async cancel(): Promise<string> {
    try {
      await this.#linearizableRead();
      if (this.#dependencies.downgrade().enabled) {
        await this.#dependencies.propose({ enabled: false, ver: '' });
      }
    } catch (error) {
      // A client that is told of success would believe that the job is over.
      if (this.#dependencies.downgrade().enabled) throw error;
    }
    return this.#answer();
  }

  /**
   * Whether the cluster is going down, by a linearizable read: what members ask that join it.
   * @throws EtcdErrors of a linearizable read
   */
  async isEnabled(): Promise<boolean> {
    await this.#linearizableRead();
    return this.#dependencies.downgrade().enabled;
  }

  async #validate(target: SemanticVersion): Promise<void> {
    // Whether a job is under way must not be told from a state that has fallen behind.
    await this.#linearizableRead();
    const current = parseVersion(this.#dependencies.clusterVersion() ?? '');
    if (current === undefined) throw new EtcdError('ClusterVersionUnavailable');
    const isAbleTo = compareMinor(current, FIRST_CLUSTER_REQUESTS) >= 0;
    if (!isAbleTo || compareMinor(target, downgradeTarget(current)) !== 0) {
      throw new EtcdError('InvalidDowngradeTargetVersion');
    }
    if (this.#dependencies.downgrade().enabled) throw new EtcdError('DowngradeInProcess');
  }

  #answer(): string {
    const version = this.#dependencies.clusterVersion();
    if (version === undefined) throw new EtcdError('ClusterVersionUnavailable');
    return majorMinorText(version);
  }

  #linearizableRead(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#dependencies.linearizableRead((error) => (error === null ? resolve() : reject(error)));
    });
  }
}

function parseTarget(version: string): SemanticVersion {
  const target = parseVersion(version) ?? parseVersion(`${version}.0`);
  if (target === undefined) throw new EtcdError('WrongDowngradeVersionFormat');
  return target;
}
