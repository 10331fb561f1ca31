import type { PutRequest, RequestOp, TxnRequest } from '../proto/generated/etcdserverpb.js';

/** What a lease and a key cost beside their own bytes, as etcd counts (G.42). */
const LEASE_COST_BYTES = 64;
const KEY_COST_BYTES = 256;

/** The quota when none is given, and beyond which a larger one is only warned about. */
export const DEFAULT_QUOTA_BYTES = 2_147_483_648;

export interface QuotaOptions {
  /** --quota-backend-bytes: 0 stands for the default, negative switches the quota off. */
  readonly quotaBackendBytes: number;
}

/** Whether the backend has room for a request. */
export class Quota {
  readonly limitBytes: number;
  readonly #backendSizeBytes: () => number;

  constructor(options: QuotaOptions, dependencies: { readonly backendSizeBytes: () => number }) {
    const { quotaBackendBytes } = options;
    if (quotaBackendBytes < 0) this.limitBytes = Number.POSITIVE_INFINITY;
    else this.limitBytes = quotaBackendBytes === 0 ? DEFAULT_QUOTA_BYTES : quotaBackendBytes;
    this.#backendSizeBytes = dependencies.backendSizeBytes;
  }

  /** True for what costs nothing, and for what fits beside what is there. */
  hasRoomFor(costBytes: number): boolean {
    return costBytes === 0 || this.#backendSizeBytes() + costBytes < this.limitBytes;
  }
}

export const leaseGrantCost = LEASE_COST_BYTES;

export function putCost(request: PutRequest): number {
  return KEY_COST_BYTES + request.key.length + request.value.length;
}

/** The dearer branch of a transaction; 0 if it puts nothing. */
export function txnCost(request: TxnRequest): number {
  return Math.max(opsCost(request.success), opsCost(request.failure));
}

function opsCost(ops: readonly RequestOp[]): number {
  let cost = 0;
  for (const op of ops) {
    if (op.requestPut !== undefined) cost += putCost(op.requestPut);
    else if (op.requestTxn !== undefined) cost += txnCost(op.requestTxn);
  }
  return cost;
}
