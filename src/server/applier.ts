import { EtcdError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Lessor } from '../lease/index.js';
import type { Cluster } from '../membership/index.js';
import type { MvccStore } from '../mvcc/index.js';
import {
  AlarmRequest,
  CompactionRequest,
  DeleteRangeRequest,
  LeaseCheckpointRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '../proto/generated/etcdserverpb.js';
import {
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
  DowngradeInfoSetRequest,
} from '../proto/generated/membershippb.js';
import { RequestKind } from '../proto/internal-request.js';
import { type Alarms, AlarmType } from './alarms.js';
import { executeRange } from './kv/range.js';
import { executeDeleteRange, executePut, executeTxn, type LeaseLookup } from './kv/txn.js';
import { leaseGrantCost, putCost, type Quota, txnCost } from './quota.js';
import type { AlarmResult, ApplyResult, PlainResult } from './results.js';
import { type DowngradeState, refuseNewerCluster, storageVersionFor } from './version/index.js';

/** A request of the log in decoded form. */
export type DecodedRequest =
  | { readonly kind: typeof RequestKind.range; readonly request: RangeRequest }
  | { readonly kind: typeof RequestKind.put; readonly request: PutRequest }
  | { readonly kind: typeof RequestKind.deleteRange; readonly request: DeleteRangeRequest }
  | { readonly kind: typeof RequestKind.txn; readonly request: TxnRequest }
  | { readonly kind: typeof RequestKind.compaction; readonly request: CompactionRequest }
  | { readonly kind: typeof RequestKind.leaseGrant; readonly request: LeaseGrantRequest }
  | { readonly kind: typeof RequestKind.leaseRevoke; readonly request: LeaseRevokeRequest }
  | { readonly kind: typeof RequestKind.leaseCheckpoint; readonly request: LeaseCheckpointRequest }
  | { readonly kind: typeof RequestKind.alarm; readonly request: AlarmRequest }
  | {
      readonly kind: typeof RequestKind.clusterVersionSet;
      readonly request: ClusterVersionSetRequest;
    }
  | {
      readonly kind: typeof RequestKind.clusterMemberAttrSet;
      readonly request: ClusterMemberAttrSetRequest;
    }
  | {
      readonly kind: typeof RequestKind.downgradeInfoSet;
      readonly request: DowngradeInfoSetRequest;
    };

/**
 * The log holds a request that this member does not know. Going on without it would make this
 * member's state differ from the others', so the member stops.
 */
export class UnknownRequestError extends Error {
  override readonly name = 'UnknownRequestError';
}

/** Decodes the request of an entry. Throws {@link UnknownRequestError} or WireError. */
export function decodeRequest(kind: RequestKind, body: Uint8Array): DecodedRequest {
  switch (kind) {
    case RequestKind.put:
      return { kind, request: PutRequest.decode(body) };
    case RequestKind.txn:
      return { kind, request: TxnRequest.decode(body) };
    case RequestKind.deleteRange:
      return { kind, request: DeleteRangeRequest.decode(body) };
    case RequestKind.range:
      return { kind, request: RangeRequest.decode(body) };
    case RequestKind.compaction:
      return { kind, request: CompactionRequest.decode(body) };
    case RequestKind.leaseGrant:
      return { kind, request: LeaseGrantRequest.decode(body) };
    case RequestKind.leaseRevoke:
      return { kind, request: LeaseRevokeRequest.decode(body) };
    case RequestKind.leaseCheckpoint:
      return { kind, request: LeaseCheckpointRequest.decode(body) };
    case RequestKind.alarm:
      return { kind, request: AlarmRequest.decode(body) };
    case RequestKind.clusterVersionSet:
      return { kind, request: ClusterVersionSetRequest.decode(body) };
    case RequestKind.clusterMemberAttrSet:
      return { kind, request: ClusterMemberAttrSetRequest.decode(body) };
    case RequestKind.downgradeInfoSet:
      return { kind, request: DowngradeInfoSetRequest.decode(body) };
    default:
      throw new UnknownRequestError(`the log holds a request of kind ${kind}, which is not known`);
  }
}

export interface ApplierDependencies {
  readonly store: MvccStore;
  readonly lessor: Lessor;
  readonly alarms: Alarms;
  readonly cluster: Cluster;
  readonly downgrade: DowngradeState;
  readonly quota: Quota;
  readonly logger: Logger;
  /** Resolves when everything applied so far is in the backend's files. */
  readonly flushBackend: () => Promise<void>;
}

/**
 * Carries out the requests of committed entries, one after the other, synchronously. What it does
 * depends on the replicated state and the entry alone, but for the quota, which only decides who
 * raises the alarm (formats.md §10).
 *
 * A request that fails throws an EtcdError and has changed nothing; the exception is a full backend:
 * what exceeds the quota is carried out and answered with NoSpace.
 */
export class Applier {
  readonly #store: MvccStore;
  readonly #lessor: Lessor;
  readonly #alarms: Alarms;
  readonly #cluster: Cluster;
  readonly #downgrade: DowngradeState;
  readonly #quota: Quota;
  readonly #logger: Logger;
  readonly #leases: LeaseLookup;
  readonly #flushBackend: () => Promise<void>;

  constructor(dependencies: ApplierDependencies) {
    this.#store = dependencies.store;
    this.#lessor = dependencies.lessor;
    this.#alarms = dependencies.alarms;
    this.#cluster = dependencies.cluster;
    this.#downgrade = dependencies.downgrade;
    this.#quota = dependencies.quota;
    this.#logger = dependencies.logger.child('server/applier');
    this.#flushBackend = dependencies.flushBackend;
    this.#leases = { has: (id) => this.#lessor.get(id) !== undefined };
  }

  apply(decoded: DecodedRequest): ApplyResult {
    switch (decoded.kind) {
      case RequestKind.put: {
        this.#refuseIfCorrupt();
        this.#refuseIfFull(1);
        const hasRoom = this.#quota.hasRoomFor(putCost(decoded.request));
        return withinQuota(hasRoom, executePut(this.#store, this.#leases, decoded.request));
      }
      case RequestKind.txn: {
        this.#refuseIfCorrupt();
        const costBytes = txnCost(decoded.request);
        this.#refuseIfFull(costBytes);
        const hasRoom = this.#quota.hasRoomFor(costBytes);
        return withinQuota(hasRoom, executeTxn(this.#store, this.#leases, decoded.request));
      }
      case RequestKind.deleteRange:
        this.#refuseIfCorrupt();
        return executeDeleteRange(this.#store, decoded.request);
      case RequestKind.range:
        this.#refuseIfCorrupt();
        return executeRange(this.#store, decoded.request);
      case RequestKind.compaction:
        this.#refuseIfCorrupt();
        return this.#compact(decoded.request);
      case RequestKind.leaseGrant: {
        this.#refuseIfCorrupt();
        this.#refuseIfFull(leaseGrantCost);
        const hasRoom = this.#quota.hasRoomFor(leaseGrantCost);
        return withinQuota(hasRoom, this.#grantLease(decoded.request));
      }
      case RequestKind.leaseRevoke:
        this.#refuseIfCorrupt();
        return this.#revokeLease(decoded.request.id);
      case RequestKind.leaseCheckpoint:
        for (const checkpoint of decoded.request.checkpoints) {
          this.#lessor.checkpoint(checkpoint.id, checkpoint.remainingTtl);
        }
        return this.#plain();
      case RequestKind.alarm:
        return this.#alarm(decoded.request);
      case RequestKind.clusterVersionSet:
        return this.#setClusterVersion(decoded.request.ver);
      case RequestKind.clusterMemberAttrSet: {
        const attributes = decoded.request.memberAttributes;
        this.#cluster.setAttributes(
          decoded.request.memberId,
          attributes?.name ?? '',
          attributes?.clientUrls ?? [],
        );
        return this.#plain();
      }
      case RequestKind.downgradeInfoSet:
        this.#downgrade.set(decoded.request.enabled, decoded.request.ver);
        return this.#plain();
    }
  }

  #plain(): PlainResult {
    return { kind: 'plain', revision: this.#store.revision };
  }

  #refuseIfCorrupt(): void {
    if (this.#alarms.isRaised(AlarmType.corrupt)) throw new EtcdError('Corrupt');
  }

  #refuseIfFull(costBytes: number): void {
    if (costBytes > 0 && this.#alarms.isRaised(AlarmType.noSpace)) throw new EtcdError('NoSpace');
  }

  #compact(request: CompactionRequest): ApplyResult {
    // The word that it is done goes to disk before the client hears it: no restart takes it back.
    const physicallyDone = this.#store.compact(request.revision).then(() => this.#flushBackend());
    return { kind: 'compaction', revision: this.#store.revision, physicallyDone };
  }

  #grantLease(request: LeaseGrantRequest): ApplyResult {
    const lease = this.#lessor.grant(request.id, request.ttl);
    return {
      kind: 'leaseGrant',
      revision: this.#store.revision,
      id: lease.id,
      ttlSeconds: lease.ttlSeconds,
    };
  }

  /** All attached keys go in one revision, in byte order (formats.md §10.6). */
  #revokeLease(id: bigint): ApplyResult {
    const keys = this.#lessor.revoke(id);
    if (keys.length > 0) {
      const transaction = this.#store.begin();
      for (const key of keys) transaction.deleteRange(key, '');
      transaction.end();
    }
    return this.#plain();
  }

  #alarm(request: AlarmRequest): AlarmResult {
    const alarm = { memberId: request.memberId, type: request.alarm };
    const revision = this.#store.revision;
    switch (request.action) {
      case 0:
        return { kind: 'alarm', revision, alarms: this.#alarms.list(request.alarm) };
      case 1: {
        if (alarm.type === AlarmType.none) return { kind: 'alarm', revision, alarms: [] };
        this.#logger.warn('alarm raised', { alarm: alarm.type, member: String(alarm.memberId) });
        return { kind: 'alarm', revision, alarms: [this.#alarms.activate(alarm)] };
      }
      case 2: {
        const cleared = this.#alarms.deactivate(alarm);
        return { kind: 'alarm', revision, alarms: cleared === undefined ? [] : [cleared] };
      }
      default:
        // The api room refuses other actions; one in the log (real etcd dies of it) changes nothing.
        return { kind: 'alarm', revision, alarms: [] };
    }
  }

  #setClusterVersion(version: string): PlainResult {
    refuseNewerCluster(version);
    if (this.#cluster.version !== version) {
      this.#logger.info('updated cluster version', { from: this.#cluster.version, to: version });
      this.#cluster.setVersion(version);
      // The stored format's version follows the cluster's from 3.6 on (formats.md §4).
      this.#cluster.setStorageVersion(storageVersionFor(version));
    }
    return this.#plain();
  }
}

/** The room is looked at before a change, as etcd does, and the change is made in any case. */
function withinQuota(hasRoom: boolean, result: ApplyResult): ApplyResult {
  if (!hasRoom) throw new EtcdError('NoSpace');
  return result;
}
