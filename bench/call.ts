import { LoadConnection } from './load/connection.js';
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
    const response = await new Promise<Buffer>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${method.path}: no answer`)), timeoutMs);
      connection.onFailure = reject;
      const chunks: Buffer[] = [];
      const writer = {
        maxSizeBytes: body.length,
        write: (out: Buffer, offset: number) => offset + body.copy(out, offset),
      };
      connection.unary(method.path, writer, {
        data: (bytes, start, end) => chunks.push(Buffer.from(bytes.subarray(start, end))),
        end() {
          if (chunks.length === 0) reject(new Error(`${method.path} failed`));
          else resolve(Buffer.concat(chunks));
        },
      });
      connection.flush();
    });
    return method.response.decode(response.subarray(5));
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
