import { type Draw, drawKey, EXTREMES } from './draw.js';
import { drawDeleteRequest, drawPutRequest, drawRangeRequest } from './generate-kv.js';
import { unaryMethod } from './methods.js';
import type { Step } from './program.js';
import { encodePlain, type Plain } from './schema.js';

/** Requests that are no proper messages, or proper ones in odd bytes, or for methods that do not exist. */
export function drawOddStep(draw: Draw): Step {
  switch (
    draw.weighted({ garbage: 3, unknownMethod: 1, unknownField: 3, doubled: 2, truncated: 3 })
  ) {
    case 'garbage':
      return { do: 'bytes', path: drawPath(draw), bytes: draw.pick(BROKEN) };
    case 'unknownMethod':
      return { do: 'bytes', path: draw.pick(UNKNOWN_METHODS), bytes: '' };
    case 'unknownField':
      return { do: 'call', ...drawPlainCall(draw), extra: draw.pick(UNKNOWN_FIELDS) };
    case 'doubled':
      return { do: 'call', ...drawPlainCall(draw), extra: `\x0a\x01${draw.pick(['a', 'b', 'c'])}` };
    default:
      return drawTruncated(draw);
  }
}

/** Bytes that no protobuf decoder may accept: bad tags, wire types, lengths, endless varints. */
const BROKEN = [
  '\xff',
  '\x0a\x05ab',
  '\x0f\x00',
  '\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
  '\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
  '\x00\x00',
  '\x0c',
  '\x0b\x0a\x01a',
] as const;

/** Fields that decoders must pass over, of every wire type. */
const UNKNOWN_FIELDS = [
  '\xf8\x7f\x01',
  '\xfa\x7f\x03abc',
  '\xf9\x7f\x01\x02\x03\x04\x05\x06\x07\x08',
  '\xfd\x7f\x01\x02\x03\x04',
  '\xfb\x7f\x08\x01\xfc\x7f',
] as const;

const UNKNOWN_METHODS = [
  'etcdserverpb.KV/Nothing',
  'etcdserverpb.Nothing/Range',
  'foo.Bar/Baz',
  'etcdserverpb.Watch/Put',
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
] as const;

const PLAIN_METHODS = ['Range', 'Put', 'DeleteRange'] as const;

function drawPath(draw: Draw): string {
  const method = draw.pick([...PLAIN_METHODS, 'Txn', 'Compact', 'LeaseGrant', 'HashKV'] as const);
  return unaryMethod(method).path;
}

function drawPlainCall(draw: Draw): { method: string; request: Plain } {
  const method = draw.pick(PLAIN_METHODS);
  if (method === 'Range') return { method, request: drawRangeRequest(draw) };
  if (method === 'Put') return { method, request: drawPutRequest(draw) };
  return { method, request: drawDeleteRequest(draw) };
}

/** A proper request cut somewhere: sometimes still a proper one. */
function drawTruncated(draw: Draw): Step {
  const request = { key: drawKey(draw), range_end: 'q', limit: draw.pick(EXTREMES), revision: 0 };
  const bytes = encodePlain('RangeRequest', request);
  return {
    do: 'bytes',
    path: unaryMethod('Range').path,
    bytes: bytes.toString('latin1', 0, 1 + draw.below(bytes.length)),
  };
}
