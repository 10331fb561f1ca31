import { type Draw, drawKey, drawRange, drawRevision, EXTREMES, maybe } from './draw.js';
import { drawDeleteRequest, drawLease, drawPutRequest, drawRangeRequest } from './generate-kv.js';
import type { Plain, PlainValue } from './schema.js';

const TARGET_FIELDS = ['version', 'create_revision', 'mod_revision', 'value', 'lease'] as const;
const MAXIMUM_DEPTH = 3;

/** A TxnRequest of a few operations, possibly nested, possibly refused. */
export function drawTxnRequest(draw: Draw): Plain {
  return withoutServerCrash(drawTxn(draw, 1));
}

function drawTxn(draw: Draw, depth: number): Plain {
  return {
    compare: draw.list(draw.below(3), () => drawCompare(draw)),
    success: draw.list(draw.below(5), () => drawOperation(draw, depth)),
    failure: draw.list(draw.below(4), () => drawOperation(draw, depth)),
  };
}

function drawCompare(draw: Draw): Plain {
  const target = draw.below(TARGET_FIELDS.length);
  const field = draw.chance(94) ? (TARGET_FIELDS[target] ?? 'version') : draw.pick(TARGET_FIELDS);
  const compare: Plain = {
    ...maybe(draw, { result: [70, () => (draw.chance(97) ? draw.below(4) : 9)] }),
    target: draw.chance(98) ? target : draw.pick([7, -1]),
    ...drawRange(draw),
  };
  if (compare.range_end !== undefined && draw.chance(60)) delete compare.range_end;
  if (draw.chance(1)) delete compare.key;
  if (draw.chance(97)) compare[field] = drawComparand(draw, field);
  return compare;
}

function drawComparand(draw: Draw, field: (typeof TARGET_FIELDS)[number]): PlainValue {
  if (field === 'value') return draw.pick(['', '1', '2', 'x', 'y']);
  if (field === 'lease') return draw.chance(50) ? 0 : drawLease(draw);
  if (draw.chance(5)) return draw.pick(EXTREMES);
  if (field === 'version') return draw.below(4);
  return draw.chance(50) ? 0 : drawRevision(draw);
}

function drawOperation(draw: Draw, depth: number): Plain {
  const nested = depth < MAXIMUM_DEPTH ? 12 : 0;
  switch (draw.weighted({ put: 40, range: 28, remove: 18, txn: nested, empty: 1, emptyKey: 1 })) {
    case 'put':
      return { request_put: drawPutRequest(draw) };
    case 'range':
      return { request_range: drawRangeRequest(draw) };
    case 'remove':
      return { request_delete_range: drawDeleteRequest(draw) };
    case 'txn':
      return { request_txn: drawTxn(draw, depth + 1) };
    case 'emptyKey':
      return draw.pick([{ request_put: {} }, { request_range: {} }, { request_delete_range: {} }]);
    default:
      return {};
  }
}

/**
 * A transaction whose from-key delete takes away a key that it then puts with ignore_value or
 * ignore_lease makes etcd panic, and panic again at every start. Such options are dropped here; what
 * a server must answer instead is tested in `server-crashes.test.ts`.
 */
export function withoutServerCrash(txn: Plain): Plain {
  return hasFromKeyDelete(txn) ? (withoutIgnore(txn) as Plain) : txn;
}

/** Whether a transaction deletes from a key on and puts as well. */
export function putsBesideFromKeyDelete(value: PlainValue): boolean {
  return hasFromKeyDelete(value) && JSON.stringify(value).includes('"request_put"');
}

function hasFromKeyDelete(value: PlainValue): boolean {
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.some(hasFromKeyDelete);
  const remove = value.request_delete_range;
  if (typeof remove === 'object' && !Array.isArray(remove) && remove.range_end === '\0')
    return true;
  return Object.values(value).some(hasFromKeyDelete);
}

function withoutIgnore(value: PlainValue): PlainValue {
  if (Array.isArray(value)) return value.map(withoutIgnore);
  if (typeof value !== 'object') return value;
  const { ignore_value: _value, ignore_lease: _lease, ...rest } = value;
  return Object.fromEntries(
    Object.entries(rest).map(([name, item]) => [name, withoutIgnore(item)]),
  );
}

const OPERATION_LIMIT = 128;

/** Transactions at and just past --max-txn-ops, flat and nested, and one with large values. */
export function drawLargeTxn(draw: Draw): Plain {
  const puts = (count: number, prefix: string): Plain[] =>
    draw.list(count, (index) => ({ request_put: { key: `${prefix}${index}`, value: 'v' } }));
  const ranges = (count: number): Plain[] =>
    draw.list(count, () => ({ request_range: { key: 'a' } }));
  const compares = (count: number): Plain[] =>
    draw.list(count, () => ({ target: 0, result: 2, key: drawKey(draw), version: 99 }));
  const limit = OPERATION_LIMIT + draw.pick([-1, 0, 1]);
  switch (
    draw.weighted({ puts: 3, ranges: 2, compares: 2, failure: 2, nested: 4, deep: 3, values: 2 })
  ) {
    case 'puts':
      return { success: puts(limit, 'n') };
    case 'ranges':
      return { success: ranges(limit) };
    case 'compares':
      return { compare: compares(limit), success: puts(2, 'n') };
    case 'failure':
      return { success: [], failure: puts(limit, 'f') };
    case 'nested': {
      const inner = draw.pick([62, 63, 64, 65]);
      return { success: [...puts(63, 'o'), { request_txn: { success: puts(inner, 'i') } }] };
    }
    case 'deep':
      return drawDeepTxn(draw);
    default:
      return {
        success: draw.list(20, (index) => ({
          request_put: { key: `big${index}`, value: { $repeat: ['b', 20_000] }, prev_kv: true },
        })),
      };
  }
}

function drawDeepTxn(draw: Draw): Plain {
  let txn: Plain = { success: [{ request_put: { key: 'deep', value: '1' } }] };
  const depth = draw.pick([5, 60, 126, 127, 128]);
  for (let level = 0; level < depth; level++) txn = { success: [{ request_txn: txn }] };
  return txn;
}
