import { posix } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { formatId } from '../../membership/index.js';

/** A key of the registry with its value. */
export interface RegistryEntry {
  readonly key: string;
  readonly value: string;
  /** Members are taken in the order in which they came. */
  readonly createRevision: number;
}

export interface RegistryListing {
  readonly entries: readonly RegistryEntry[];
  readonly revision: number;
}

/** What is needed of the etcd behind a discovery service. Every call but `watch` may fail. */
export interface Registry {
  get(key: string): Promise<string | undefined>;
  list(prefix: string): Promise<RegistryListing>;
  put(key: string, value: string): Promise<void>;
  watch(
    prefix: string,
    startRevision: number,
    take: (entry: RegistryEntry) => boolean,
  ): Promise<void>;
}

export interface RegistryOptions {
  /** Names the cluster in the registry (`--discovery-token`). */
  readonly token: string;
  readonly memberId: bigint;
  /** `name=url,…`, what the others are told of this member. */
  readonly self: string;
}

export interface RegistryDependencies {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The cluster that is registered under a token cannot be joined; the texts are etcd's. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
}

const PREFIX = '/_etcd/registry';
/** The waiting between two attempts doubles this often, from 2 s on. */
const MAX_DOUBLINGS = 8;
const RETRY_WATCH_MS = 100;

/**
 * The way a cluster finds together through another etcd. Under `/_etcd/registry/<token>/` that one holds
 * the size of the cluster in `_config/size`, and in `members/<id>` what each member has to say of itself.
 * A member registers and waits until all are there. If more come than there is room for, those who came
 * first are in.
 */
export class ClusterRegistry {
  readonly #options: RegistryOptions;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #folder: string;
  readonly #membersPrefix: string;
  readonly #ownKey: string;

  constructor(options: RegistryOptions, { registry, clock, logger }: RegistryDependencies) {
    this.#options = options;
    this.#registry = registry;
    this.#clock = clock;
    this.#logger = logger;
    this.#folder = posix.join(PREFIX, options.token);
    this.#membersPrefix = posix.join(this.#folder, 'members');
    this.#ownKey = posix.join(this.#membersPrefix, formatId(options.memberId));
  }

  /**
   * Registers this member and waits for the others, however long that takes. Resolves to the founding
   * members in the form of `--initial-cluster`.
   * @throws RegistryError if the registry knows no size, or has all members it wants
   */
  async join(): Promise<string> {
    await this.#check();
    await this.#patiently('register member itself', () => this.#register());
    const { size, found, revision } = await this.#check();
    await this.#waitForOthers(size, found, revision);
    return found
      .inOrder()
      .slice(0, size)
      .map(({ value }) => value)
      .join();
  }

  async #check(): Promise<{ size: number; found: FoundMembers; revision: number }> {
    const { size, listing } = await this.#patiently('cluster status check', async () => ({
      size: await this.#size(),
      listing: await this.#list(),
    }));
    const found = new FoundMembers(this.#membersPrefix);
    for (const entry of listing.entries) this.#take(found, entry);
    const members = found.inOrder();
    const position = members.findIndex(({ key }) => key === this.#ownKey);
    const before = position < 0 ? members.length : position;
    if (before >= size) throw new RegistryError('discovery: cluster is full');
    return { size, found, revision: listing.revision };
  }

  async #size(): Promise<number> {
    const clusterSizeKey = posix.join(this.#folder, '_config/size');
    let text: string | undefined;
    try {
      text = await this.#registry.get(clusterSizeKey);
    } catch (error) {
      const fields = { clusterSizeKey, error: errorText(error) };
      this.#logger.warn('failed to get cluster size from discovery service', fields);
      throw error;
    }
    if (text === undefined) throw new RegistryError('discovery: size key not found');
    const size = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
    if (size <= 0 || !Number.isSafeInteger(size)) {
      throw new RegistryError('discovery: size key is bad');
    }
    return size;
  }

  async #list(): Promise<RegistryListing> {
    const membersKeyPrefix = this.#membersPrefix;
    try {
      return await this.#registry.list(membersKeyPrefix);
    } catch (error) {
      const fields = { membersKeyPrefix, error: errorText(error) };
      this.#logger.warn('failed to get cluster members from discovery service', fields);
      throw error;
    }
  }

  async #register(): Promise<void> {
    const { self } = this.#options;
    const memberKey = this.#ownKey;
    try {
      await this.#registry.put(memberKey, self);
    } catch (error) {
      const fields = { memberKey, error: errorText(error) };
      this.#logger.warn('failed to register members itself to the discovery service', fields);
      throw error;
    }
    const fields = { memberKey, memberInfo: self };
    this.#logger.info('register member itself successfully', fields);
  }

  /** Follows the registry, from a listing on, until there are as many members as there should be. */
  async #waitForOthers(size: number, found: FoundMembers, revision: number): Promise<void> {
    const counts = (): Record<string, number> => ({
      clusterSize: size,
      'found-peers': found.count,
    });
    this.#logger.info('waiting for peers from discovery service', counts());
    let next = revision + 1;
    while (found.count < size) {
      await this.#registry.watch(this.#membersPrefix, next, (entry) => {
        this.#take(found, entry);
        return found.count >= size;
      });
      if (found.count >= size) break;
      // The stream has ended. What was missed meanwhile stands in a new listing.
      await this.#pause(RETRY_WATCH_MS);
      const listing = await this.#patiently('cluster status check', () => this.#list());
      for (const entry of listing.entries) if (!found.has(entry.key)) this.#take(found, entry);
      next = listing.revision + 1;
    }
    this.#logger.info('found all needed peers from discovery service', counts());
  }

  #take(found: FoundMembers, entry: RegistryEntry): void {
    const fields = { memberKey: entry.key, memberInfo: entry.value };
    const problem = found.add(entry);
    if (problem === undefined) this.#logger.info('found peer from discovery service', fields);
    else this.#logger.warn(problem, fields);
  }

  /** Tries until it works or cannot work: a service that is down may come back. */
  async #patiently<T>(reason: string, attempt: () => Promise<T>): Promise<T> {
    for (let retries = 1; ; retries++) {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof RegistryError) throw error;
        const backoffSeconds = 2 ** Math.min(retries, MAX_DOUBLINGS);
        const fields = { reason, backoff: `${backoffSeconds}s` };
        this.#logger.warn('retry connecting to discovery service', fields);
        await this.#pause(backoffSeconds * 1000);
      }
    }
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, durationMs);
    });
  }
}

/** The members that have registered, in the order of their coming. */
class FoundMembers {
  readonly #prefix: string;
  readonly #members = new Map<string, RegistryEntry>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get count(): number {
    return this.#members.size;
  }

  has(key: string): boolean {
    return this.#members.has(key.trim());
  }

  /** Returns what is wrong with an entry that is not taken. */
  add(entry: RegistryEntry): string | undefined {
    const key = entry.key.trim();
    const value = entry.value.trim();
    if (!key.startsWith(this.#prefix)) return 'invalid peer registry key';
    if (!value.includes('=')) return 'invalid peer info returned from discovery service';
    if (this.#members.has(key)) return 'found duplicate peer from discovery service';
    this.#members.set(key, { key, value, createRevision: entry.createRevision });
    return undefined;
  }

  inOrder(): RegistryEntry[] {
    return [...this.#members.values()].sort((a, b) => a.createRevision - b.createRevision);
  }
}
