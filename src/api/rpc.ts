import { EtcdError, errorText, GrpcCode, RpcError } from '../base/errors.js';
import { CompactedError, FutureRevisionError, StoreReloadingError } from '../mvcc/index.js';
import { WireError } from '../proto/wire.js';
import { BackendReplacedError } from '../server/index.js';
import type {
  CallContext,
  Message,
  Responder,
  RpcMethod,
  StreamCall,
  StreamMethod,
  StreamReceiver,
  UnaryMethod,
} from '../transport/index.js';
import type { LeaderWatch } from './leader-watch.js';

/** Maps whatever was thrown to what the client gets: the one place where that happens. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof CompactedError) return new EtcdError('Compacted');
  if (error instanceof FutureRevisionError) return new EtcdError('FutureRev');
  // Another state is on its way in: another member, or this one a little later, can answer.
  if (error instanceof StoreReloadingError || error instanceof BackendReplacedError) {
    return new RpcError(GrpcCode.unavailable, error.message);
  }
  if (error instanceof WireError) {
    return new RpcError(GrpcCode.internal, `grpc: error unmarshalling request: ${error.message}`);
  }
  return new RpcError(GrpcCode.unknown, errorText(error));
}

/** As {@link toRpcError}, for a message on a stream: Go's gRPC words that failure differently. */
export function toStreamError(error: unknown): RpcError {
  if (!(error instanceof WireError)) return toRpcError(error);
  const text = `grpc: failed to unmarshal the received message: ${error.message}`;
  return new RpcError(GrpcCode.internal, text);
}

/** Answers a unary call with a response or with anything that can be mapped to a status. */
export type Reply = (error: unknown, response?: Message) => void;

/** A unary method whose handler may throw or reply with any error. */
export function unary(
  path: string,
  handle: (request: Buffer, reply: Reply, context: CallContext) => void,
): UnaryMethod {
  return {
    kind: 'unary',
    path,
    handle(request, context, responder) {
      const reply: Reply = (error, response) => {
        if (error === null) responder.respond(null, response ?? Buffer.alloc(0));
        else refuse(responder, error);
      };
      try {
        handle(request, reply, context);
      } catch (error) {
        reply(error);
      }
    },
  };
}

/** As {@link unary}, with no function made for a call: the handler answers through `responder` itself. */
export function directUnary(
  path: string,
  handle: (request: Buffer, responder: Responder) => void,
): UnaryMethod {
  return {
    kind: 'unary',
    path,
    handle(request, _context, responder) {
      try {
        handle(request, responder);
      } catch (error) {
        refuse(responder, error);
      }
    },
  };
}

/** Answers a call with anything that can be mapped to a status. */
export function refuse(responder: Responder, error: unknown): void {
  responder.respond(toRpcError(error));
}

/** A method that a later version brings. */
export function unimplemented(path: string): UnaryMethod {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const service = path.slice(1, path.lastIndexOf('/'));
  return unary(path, () => {
    throw new RpcError(GrpcCode.unimplemented, `unknown method ${name} for service ${service}`);
  });
}

/**
 * A client that sent `hasleader: true` wants an error rather than an answer while this member knows
 * no leader (G.46): unary calls and new streams at once, open streams when `watch` says so.
 */
export function requireLeader(
  methods: readonly RpcMethod[],
  hasLeader: () => boolean,
  watch: LeaderWatch,
): RpcMethod[] {
  return methods.map((method) => {
    if (method.kind === 'unary') {
      return {
        ...method,
        handle(request, context, responder) {
          if (hasLeader() || context.metadata('hasleader') !== 'true') {
            method.handle(request, context, responder);
          } else {
            responder.respond(new EtcdError('NoLeader'));
          }
        },
      };
    }
    return withLeader(method, hasLeader, watch);
  });
}

function withLeader(
  method: StreamMethod,
  hasLeader: () => boolean,
  watch: LeaderWatch,
): StreamMethod {
  return {
    ...method,
    open(call) {
      const receiver = method.open(call);
      if (call.metadata('hasleader') !== 'true') return receiver;
      if (!hasLeader()) call.end(new EtcdError('NoLeader'));
      else return watched(receiver, call, watch);
      return receiver;
    },
  };
}

/** The receiver of a call that `watch` may end. */
function watched(receiver: StreamReceiver, call: StreamCall, watch: LeaderWatch): StreamReceiver {
  watch.add(call);
  return {
    message: (bytes) => receiver.message(bytes),
    halfClosed: () => receiver.halfClosed(),
    drained: () => receiver.drained(),
    closed() {
      watch.delete(call);
      receiver.closed();
    },
  };
}
