import { EtcdError } from '../base/errors.js';
import { KV, Maintenance, RangeRequest } from '../proto/generated/etcdserverpb.js';
import type { RpcMethod, StreamReceiver, UnaryMethod } from '../transport/index.js';

const STATUS_PATH = Maintenance.methods.status.path;
const SNAPSHOT_PATH = Maintenance.methods.snapshot.path;
const RANGE_PATH = KV.methods.range.path;

/**
 * A member without a vote serves only Status, Snapshot and serializable Range (G.45); all other
 * methods, those of the health service among them, are refused while `isLearner` says so. This comes
 * before any other check of a call.
 */
export function gateLearner(methods: readonly RpcMethod[], isLearner: () => boolean): RpcMethod[] {
  return methods.map((method) => {
    if (method.path === STATUS_PATH || method.path === SNAPSHOT_PATH) return method;
    if (method.kind === 'unary') return gateUnary(method, isLearner);
    return {
      ...method,
      open(call) {
        if (!isLearner()) return method.open(call);
        call.end(new EtcdError('NotSupportedForLearner'));
        return IGNORING_RECEIVER;
      },
    };
  });
}

function gateUnary(method: UnaryMethod, isLearner: () => boolean): UnaryMethod {
  const isRange = method.path === RANGE_PATH;
  return {
    ...method,
    handle(request, context, responder) {
      if (!isLearner() || (isRange && isServedRange(request))) {
        method.handle(request, context, responder);
      } else {
        responder.respond(new EtcdError('NotSupportedForLearner'));
      }
    },
  };
}

/** What cannot be decoded is passed on, and refused for that. */
function isServedRange(request: Buffer): boolean {
  try {
    return RangeRequest.decode(request).serializable;
  } catch {
    return true;
  }
}

const IGNORING_RECEIVER: StreamReceiver = {
  message() {},
  halfClosed() {},
  drained() {},
  closed() {},
};
