import { GrpcCode, RpcError } from '../base/errors.js';
import {
  Health,
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../proto/generated/grpc_health_v1.js';
import type { RpcMethod, StreamCall, StreamReceiver } from '../transport/index.js';
import { toStreamError, unary } from './rpc.js';

/** gRPC's health service: the server as a whole, under the empty name, is all it knows. */
export function healthMethods(): RpcMethod[] {
  const { check, watch, list } = Health.methods;
  const serving = { status: ServingStatus.SERVING };
  return [
    unary(check.path, (bytes, reply) => {
      const { service } = HealthCheckRequest.decode(bytes);
      if (service !== '') throw new RpcError(GrpcCode.notFound, 'unknown service');
      reply(null, HealthCheckResponse.encode(serving));
    }),
    unary(list.path, (_bytes, reply) => {
      reply(null, HealthListResponse.encode({ statuses: new Map([['', serving]]) }));
    }),
    { kind: 'server', path: watch.path, open: (call) => new HealthWatch(call) },
  ];
}

/** Says once how it is and stays open: a server that stops ends the stream. */
class HealthWatch implements StreamReceiver {
  readonly #call: StreamCall;

  constructor(call: StreamCall) {
    this.#call = call;
  }

  message(bytes: Buffer): void {
    try {
      const { service } = HealthCheckRequest.decode(bytes);
      const status = service === '' ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN;
      this.#call.write(HealthCheckResponse.encode({ status }));
    } catch (error) {
      this.#call.end(toStreamError(error));
    }
  }

  halfClosed(): void {}

  drained(): void {}

  closed(): void {}
}
