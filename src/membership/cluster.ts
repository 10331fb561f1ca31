import { EtcdError } from '../base/errors.js';
import { type Logger, silentLogger } from '../base/logger.js';
import { changedId, type MembershipChange } from './change.js';
import { formatId } from './ids.js';
import { decodeMember, encodeMember } from './json.js';
import type { Member } from './member.js';

/** Where the membership is persisted: the backend's buckets (formats.md §4). */
export interface MembershipRecords {
  putMember(key: Buffer, value: Buffer): void;
  deleteMember(key: Buffer): void;
  putRemovedMember(key: Buffer, value: Buffer): void;
  putVersion(version: Buffer): void;
  putStorageVersion(version: Buffer): void;
  deleteStorageVersion(): void;
}

export interface ClusterSettings {
  /** Learners there may be at once; must be the same on all members (formats.md §8.3). */
  readonly maxLearners?: number;
  readonly logger?: Logger;
}

/** --max-learners, where nothing else is said. */
export const DEFAULT_MAX_LEARNERS = 1;
/** What stands for an id that will never be a member again. */
const REMOVED_MARK = Buffer.from('removed');

/**
 * The members of the cluster and its version: replicated state, changed only by applying entries.
 * Every change is persisted in the same backend batch as the index of the entry that made it.
 */
export class Cluster {
  readonly clusterId: bigint;
  readonly #records: MembershipRecords;
  readonly #maxLearners: number;
  readonly #logger: Logger;
  readonly #members = new Map<bigint, Member>();
  readonly #removed = new Set<bigint>();
  #version: string | undefined;
  #storageVersion: string | undefined;

  constructor(clusterId: bigint, records: MembershipRecords, settings: ClusterSettings = {}) {
    this.clusterId = clusterId;
    this.#records = records;
    this.#maxLearners = settings.maxLearners ?? DEFAULT_MAX_LEARNERS;
    this.#logger = (settings.logger ?? silentLogger).child('membership/cluster');
  }

  /** Takes over a persisted member. */
  restoreMember(value: Buffer): void {
    const { isPromote: _, ...member } = decodeMember(value.toString('utf8'));
    this.#members.set(member.id, member);
  }

  /** Takes over the id of a persisted removed member. */
  restoreRemoved(key: Buffer): void {
    this.#removed.add(BigInt(`0x${key.toString('latin1')}`));
  }

  restoreVersions(version: string | undefined, storageVersion: string | undefined): void {
    this.#version = version;
    this.#storageVersion = storageVersion;
  }

  /** Forgets everything, for what a snapshot brought to be restored; nothing is persisted. */
  reset(): void {
    this.#members.clear();
    this.#removed.clear();
    this.#version = undefined;
    this.#storageVersion = undefined;
  }

  /** All members, ascending by id, as etcd lists them. */
  members(): Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  member(id: bigint): Member | undefined {
    return this.#members.get(id);
  }

  /** The member of this name, the one with the lowest id should several have it. */
  memberByName(name: string): Member | undefined {
    return this.members().find((member) => member.name === name);
  }

  /** The members that have a vote, ascending by id. */
  votingMembers(): Member[] {
    return this.members().filter((member) => !member.isLearner);
  }

  /** Whether this is a member without a vote. */
  isLearner(id: bigint): boolean {
    return this.#members.get(id)?.isLearner === true;
  }

  /** Votes that decide. */
  quorumSize(): number {
    return quorumOf(this.votingMembers().length);
  }

  /** The client URLs of all members, sorted. */
  clientUrls(): string[] {
    return this.members()
      .flatMap((member) => member.clientUrls)
      .sort();
  }

  removedIds(): bigint[] {
    return [...this.#removed];
  }

  isRemoved(id: bigint): boolean {
    return this.#removed.has(id);
  }

  /** The lowest version all members speak, for example `3.7.0`; undefined until it is decided. */
  get version(): string | undefined {
    return this.#version;
  }

  /** The version of the stored format; follows the cluster version. */
  get storageVersion(): string | undefined {
    return this.#storageVersion;
  }

  /**
   * Whether a change still fits, on every member in the same way, since other changes may have come
   * between its proposal and its entry (formats.md §8.3).
   * @throws EtcdError MemberNotFound, MemberExist, PeerURLExist, TooManyLearners, MemberNotLearner
   */
  validate(change: MembershipChange): void {
    const id = changedId(change);
    // An id that was removed is refused for good, whatever is to be done with it.
    if (this.#removed.has(id)) throw new EtcdError('MemberNotFound');
    const known = this.#members.get(id);
    if (change.kind === 'add') {
      if (known !== undefined) throw new EtcdError('MemberExist');
      this.#validateUrls(id, change.member.peerUrls);
      if (change.member.isLearner && this.#learnerCount() >= this.#maxLearners) {
        throw new EtcdError('TooManyLearners');
      }
      return;
    }
    if (known === undefined) throw new EtcdError('MemberNotFound');
    if (change.kind === 'promote' && !known.isLearner) throw new EtcdError('MemberNotLearner');
    if (change.kind === 'update') this.#validateUrls(id, change.peerUrls);
  }

  #validateUrls(id: bigint, urls: readonly string[]): void {
    const taken = new Set<string>();
    for (const member of this.#members.values()) {
      if (member.id !== id) for (const url of member.peerUrls) taken.add(url);
    }
    if (urls.some((url) => taken.has(url))) throw new EtcdError('PeerURLExist');
  }

  #learnerCount(): number {
    let count = 0;
    for (const member of this.#members.values()) if (member.isLearner) count++;
    return count;
  }

  /** Carries out a change that {@link validate} has let pass. */
  apply(change: MembershipChange): void {
    switch (change.kind) {
      case 'add':
        this.addMember(change.member);
        break;
      case 'promote':
        this.promoteMember(change.id);
        break;
      case 'update':
        this.updateMember(change.id, change.peerUrls);
        break;
      case 'remove':
        this.removeMember(change.id);
        break;
    }
  }

  addMember(member: Member): void {
    this.#save(member);
    this.#log('added member', member);
  }

  /** Gives a learner a vote. Ids that are not members are ignored. */
  promoteMember(id: bigint): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#save({ ...member, isLearner: false });
    this.#log('promote member', member);
  }

  /** Sets where other members reach this one. Ids that are not members are ignored. */
  updateMember(id: bigint, peerUrls: readonly string[]): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#save({ ...member, peerUrls });
    this.#log('updated member', { ...member, peerUrls });
  }

  /** Takes a member out; its id is kept, and never becomes a member again. */
  removeMember(id: bigint): void {
    const member = this.#members.get(id);
    this.#members.delete(id);
    this.#removed.add(id);
    const key = recordKey(id);
    this.#records.deleteMember(key);
    this.#records.putRemovedMember(key, REMOVED_MARK);
    if (member !== undefined) this.#log('removed member', member);
  }

  /**
   * Sets what a member publishes about itself. A real member dies of an id that it does not know
   * (formats.md §10.14); here such ids are ignored, with a warning.
   */
  setAttributes(id: bigint, name: string, clientUrls: readonly string[]): void {
    const member = this.#members.get(id);
    if (member !== undefined) {
      this.#save({ ...member, name, clientUrls });
      return;
    }
    const kind = this.#removed.has(id) ? 'removed' : 'unknown';
    this.#logger.warn(`skipped attributes update of ${kind} member`, {
      'cluster-id': formatId(this.clusterId),
      'updated-peer-id': formatId(id),
    });
  }

  setVersion(version: string): void {
    this.#version = version;
    this.#records.putVersion(Buffer.from(version));
  }

  /** Undefined: the stored format has none, as before 3.6. */
  setStorageVersion(version: string | undefined): void {
    this.#storageVersion = version;
    if (version === undefined) {
      this.#records.deleteStorageVersion();
      return;
    }
    this.#records.putStorageVersion(Buffer.from(version));
  }

  #save(member: Member): void {
    this.#members.set(member.id, member);
    this.#records.putMember(recordKey(member.id), Buffer.from(encodeMember(member), 'utf8'));
  }

  #log(message: string, member: Member): void {
    this.#logger.info(message, {
      'cluster-id': formatId(this.clusterId),
      'member-id': formatId(member.id),
      'peer-urls': member.peerUrls,
      'is-learner': member.isLearner,
    });
  }
}

const recordKey = (id: bigint): Buffer => Buffer.from(formatId(id), 'latin1');

/** How many of so many votes decide. */
export function quorumOf(votes: number): number {
  return Math.floor(votes / 2) + 1;
}
