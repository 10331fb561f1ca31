import { GrpcCode, RpcError } from '../../../base/errors.js';
import type { RpcMethod } from '../../handler.js';
import { goQuote } from './go-quote.js';

/** The methods of a server by path. */
export class MethodTable {
  readonly #methods = new Map<string, RpcMethod>();
  readonly #services = new Set<string>();

  constructor(methods: readonly RpcMethod[]) {
    for (const method of methods) {
      this.#methods.set(method.path, method);
      this.#services.add(method.path.slice(1, method.path.lastIndexOf('/')));
    }
  }

  get(path: string): RpcMethod | undefined {
    return this.#methods.get(path);
  }

  /** Why there is no method at a path, in the words of Go's gRPC. */
  unknown(path: string): RpcError {
    const slash = path.lastIndexOf('/');
    if (!path.startsWith('/') || slash === 0) {
      return new RpcError(GrpcCode.unimplemented, `malformed method name: ${goQuote(path)}`);
    }
    const service = path.slice(1, slash);
    const text = this.#services.has(service)
      ? `unknown method ${path.slice(slash + 1)} for service ${service}`
      : `unknown service ${service}`;
    return new RpcError(GrpcCode.unimplemented, text);
  }
}
