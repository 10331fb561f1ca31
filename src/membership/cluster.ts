import { formatId } from './ids.js';
import { decodeMember, encodeMember } from './json.js';
import type { Member } from './member.js';

/** Where the membership is persisted: the backend's buckets (formats.md §4). */
export interface MembershipRecords {
  putMember(key: Buffer, value: Buffer): void;
  putVersion(version: Buffer): void;
  putStorageVersion(version: Buffer): void;
}

/**
 * The members of the cluster and its version: replicated state, changed only by applying entries.
 * Every change is persisted in the same backend batch as the index of the entry that made it.
 */
export class Cluster {
  readonly clusterId: bigint;
  readonly #records: MembershipRecords;
  readonly #members = new Map<bigint, Member>();
  readonly #removed = new Set<bigint>();
  #version: string | undefined;
  #storageVersion: string | undefined;

  constructor(clusterId: bigint, records: MembershipRecords) {
    this.clusterId = clusterId;
    this.#records = records;
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

  /** All members, ascending by id, as etcd lists them. */
  members(): Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  member(id: bigint): Member | undefined {
    return this.#members.get(id);
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

  addMember(member: Member): void {
    this.#save(member);
  }

  /** Sets what a member publishes about itself. Ids that are not members are ignored. */
  setAttributes(id: bigint, name: string, clientUrls: readonly string[]): void {
    const member = this.#members.get(id);
    if (member !== undefined) this.#save({ ...member, name, clientUrls });
  }

  setVersion(version: string): void {
    this.#version = version;
    this.#records.putVersion(Buffer.from(version));
  }

  setStorageVersion(version: string): void {
    this.#storageVersion = version;
    this.#records.putStorageVersion(Buffer.from(version));
  }

  #save(member: Member): void {
    this.#members.set(member.id, member);
    const key = Buffer.from(formatId(member.id), 'latin1');
    this.#records.putMember(key, Buffer.from(encodeMember(member), 'utf8'));
  }
}
