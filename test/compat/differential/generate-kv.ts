import { type Draw, drawKey, drawRange, drawRevision, drawValue, EXTREMES, maybe } from './draw.js';
import type { Plain, PlainValue } from './schema.js';

const yes = (): boolean => true;

/** Lease ids that programs grant and name. */
export const LEASE_IDS = [1, 2, 77, -5, '9223372036854775807', '-9223372036854775808'] as const;
/** Names of leases whose id the server chooses. */
export const LEASE_NAMES = ['p', 'q'] as const;

/** A lease that may or may not exist. */
export function drawLease(draw: Draw): PlainValue {
  if (draw.chance(20)) return { $lease: draw.pick(LEASE_NAMES) };
  if (draw.chance(10)) return 4711;
  return draw.pick(LEASE_IDS);
}

/** A RangeRequest with any of its options. */
export function drawRangeRequest(draw: Draw): Plain {
  const revisionFilter = (): PlainValue =>
    draw.chance(90) ? { $revision: -draw.below(12) } : draw.pick(EXTREMES);
  return {
    ...drawRange(draw),
    ...maybe(draw, {
      limit: [30, () => (draw.chance(92) ? draw.below(5) : draw.pick(EXTREMES))],
      revision: [30, () => drawRevision(draw)],
      sort_order: [25, () => drawSort(draw, 3)],
      sort_target: [25, () => drawSort(draw, 5)],
      serializable: [15, yes],
      keys_only: [12, yes],
      count_only: [10, yes],
      min_mod_revision: [6, revisionFilter],
      max_mod_revision: [6, revisionFilter],
      min_create_revision: [6, revisionFilter],
      max_create_revision: [6, revisionFilter],
    }),
  };
}

/** A sort order or target out of so many; rarely one that does not exist. */
function drawSort(draw: Draw, count: number): number {
  if (draw.capabilities.refusesUnknownSort && draw.chance(6)) {
    return draw.pick([count, -1, 2147483647]);
  }
  return draw.below(count);
}

/** A PutRequest with any of its options, contradicting ones included. */
export function drawPutRequest(draw: Draw): Plain {
  const ignoresValue = draw.chance(8);
  const ignoresLease = draw.chance(8);
  return {
    key: drawKey(draw),
    ...maybe(draw, {
      value: [ignoresValue ? 15 : 95, () => drawValue(draw)],
      lease: [ignoresLease ? 15 : 12, () => drawLease(draw)],
      prev_kv: [30, yes],
    }),
    ...(ignoresValue ? { ignore_value: true } : {}),
    ...(ignoresLease ? { ignore_lease: true } : {}),
  };
}

/** A DeleteRangeRequest. */
export function drawDeleteRequest(draw: Draw): Plain {
  return { ...drawRange(draw), ...maybe(draw, { prev_kv: [40, yes] }) };
}

/** A LeaseGrantRequest for a chosen id; short times are left to steps that revoke at once. */
export function drawLeaseGrant(draw: Draw): Plain {
  const ttl = draw.chance(90)
    ? draw.pick([60, 100, 1000, 3600])
    : draw.pick(['9000000000', '9000000001', '9223372036854775807']);
  return { TTL: ttl, ID: draw.pick(LEASE_IDS) };
}
