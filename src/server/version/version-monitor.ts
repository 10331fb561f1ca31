import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { SERVER_VERSION } from '../../base/version.js';
import type { DowngradeInfo } from './downgrade-state.js';
import { decideClusterVersion, isDowngradeDone } from './version-decision.js';

/** How often the leader asks the members for their versions. */
const CHECK_INTERVAL_MS = 4000;

/** Another member, and where to ask it. */
export interface VersionPeer {
  readonly id: bigint;
  readonly urls: readonly string[];
}

export interface VersionMonitorOptions {
  /** --downgrade-check-time: how often a downgrade is looked at for being done; 0 for never. */
  readonly downgradeCheckTimeMs: number;
}

export interface VersionMonitorDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isLeader: () => boolean;
  readonly clusterVersion: () => string | undefined;
  readonly downgrade: () => DowngradeInfo;
  /** All members but this one. */
  readonly peers: () => readonly VersionPeer[];
  /** The server version of the member at a URL, as ClusterQueries.version tells it. */
  readonly serverVersion: (url: string) => Promise<string>;
  /** Proposes a ClusterVersionSet request; resolves when it is applied. */
  readonly proposeVersion: (version: string) => Promise<void>;
  /** Proposes the end of the downgrade; resolves when it is applied. */
  readonly proposeDowngradeEnd: () => Promise<void>;
}

/**
 * Has the leader set the cluster's version to what all members speak, as soon as it leads and every
 * four seconds (formats.md §8.3), and end a downgrade that is done. Runs on every member.
 */
export class VersionMonitor {
  readonly #options: VersionMonitorOptions;
  readonly #dependencies: VersionMonitorDependencies;
  readonly #logger: Logger;
  readonly #cancels: (() => void)[] = [];
  #isBusy = false;
  /** Something asked for a look while one was under way. */
  #isWanted = false;
  #isStopped = false;

  constructor(options: VersionMonitorOptions, dependencies: VersionMonitorDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger.child('server/version');
  }

  start(): void {
    const { clock } = this.#dependencies;
    const { downgradeCheckTimeMs } = this.#options;
    this.#cancels.push(clock.setInterval(() => this.check(), CHECK_INTERVAL_MS));
    if (downgradeCheckTimeMs > 0) {
      this.#cancels.push(clock.setInterval(() => this.#checkDowngrade(), downgradeCheckTimeMs));
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  /** Looks now: called when this member has applied the first entry of its own term. */
  check(): void {
    this.#isWanted = true;
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      try {
        await this.#update();
      } catch (error) {
        this.#logger.warn('failed to update cluster version', { error: errorText(error) });
      }
    }
    this.#isBusy = false;
  }

  async #update(): Promise<void> {
    const { isLeader, clusterVersion, downgrade, proposeVersion } = this.#dependencies;
    if (!isLeader()) return;
    const serverVersions = await this.#serverVersions();
    // Much may have changed while the members were asked.
    if (!isLeader() || this.#isStopped) return;
    const decision = decideClusterVersion({
      clusterVersion: clusterVersion(),
      serverVersions,
      downgrade: downgrade(),
    });
    if (decision.kind === 'keep') return;
    if (decision.kind === 'invalid downgrade target') {
      const target = downgrade().targetVersion;
      this.#logger.error('Failed to monitor cluster version', {
        error: decision.kind,
        'downgrade-target': target,
      });
      return;
    }
    const fields = { from: clusterVersion(), to: decision.version };
    this.#logger.info('updating cluster version using v3 API', fields);
    await proposeVersion(decision.version);
  }

  async #checkDowngrade(): Promise<void> {
    const { isLeader, downgrade, proposeDowngradeEnd } = this.#dependencies;
    if (!isLeader() || !downgrade().enabled) return;
    try {
      const serverVersions = await this.#serverVersions();
      const { enabled, targetVersion } = downgrade();
      if (!enabled || !isLeader() || this.#isStopped) return;
      if (!isDowngradeDone(targetVersion, serverVersions)) return;
      this.#logger.info('the cluster has been downgraded', { 'cluster-version': targetVersion });
      await proposeDowngradeEnd();
    } catch (error) {
      this.#logger.warn('failed to cancel downgrade', { error: errorText(error) });
    }
  }

  /** Of all members, this one included. */
  async #serverVersions(): Promise<(string | undefined)[]> {
    const others = this.#dependencies.peers().map((peer) => this.#ask(peer));
    return [SERVER_VERSION, ...(await Promise.all(others))];
  }

  async #ask(peer: VersionPeer): Promise<string | undefined> {
    const id = peer.id.toString(16);
    for (const url of peer.urls) {
      try {
        return await this.#dependencies.serverVersion(url);
      } catch (error) {
        const fields = { address: url, 'remote-member-id': id, error: errorText(error) };
        this.#logger.warn('failed to reach the peer URL', fields);
      }
    }
    this.#logger.warn('failed to get version', { 'remote-member-id': id });
    return undefined;
  }
}
