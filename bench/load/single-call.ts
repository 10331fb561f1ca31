import type { LoadConnection } from './connection.js';

/** One call on a connection that is open; resolves to what came in DATA frames, prefix and all. */
export function callOn(connection: LoadConnection, path: string, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const writer = {
      maxSizeBytes: body.length,
      write: (out: Buffer, offset: number) => offset + body.copy(out, offset),
    };
    connection.unary(path, writer, {
      data: (bytes, start, end) => chunks.push(Buffer.from(bytes.subarray(start, end))),
      end() {
        if (chunks.length === 0) reject(new Error(`${path} failed`));
        else resolve(Buffer.concat(chunks));
      },
    });
    connection.flush();
  });
}
