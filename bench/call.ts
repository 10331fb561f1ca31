import { LoadConnection } from './load/connection.js';
import { callOn } from './load/single-call.js';
import type { ClientTls } from './load/socket.js';

/** A generated method description, e.g. `KV.methods.put`. */
interface Method<Request, Response> {
  readonly path: string;
  readonly request: { encode(message: Request): Buffer };
  readonly response: { decode(bytes: Uint8Array): Response };
}

export interface CallOptions {
  timeoutMs?: number;
  /** For a server that demands certificates. */
  tls?: ClientTls | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** One unary call on a connection of its own. Rejects if the server answers with an error. */
export async function callOnce<Request, Response>(
  port: number,
  method: Method<Request, Response>,
  request: Request,
  { timeoutMs = DEFAULT_TIMEOUT_MS, tls }: CallOptions = {},
): Promise<Response> {
  const body = method.request.encode(request);
  const connection = await LoadConnection.open(port, tls);
  let timer: NodeJS.Timeout | undefined;
  try {
    const failed = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${method.path}: no answer`)), timeoutMs);
      connection.onFailure = reject;
    });
    const response = await Promise.race([callOn(connection, method.path, body), failed]);
    return method.response.decode(response.subarray(5));
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
