import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Member } from '../support/member.js';

const OUTCOME_TIMEOUT_MS = 5_000;

/** The first bytes of every HTTP/2 connection, and an empty SETTINGS frame. */
export const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** An open TCP connection to the client port. Errors are the server's good right and are swallowed. */
export async function openSocket(member: Member): Promise<Socket> {
  const socket = connect(member.clientPort, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes and reads until the server closes, or for `waitMs`. */
export async function sendBytes(
  member: Member,
  bytes: Uint8Array,
  waitMs: number,
): Promise<Buffer> {
  const socket = await openSocket(member);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await closedWithin(socket, waitMs);
  socket.destroy();
  return Buffer.concat(chunks);
}

/** Whether something closes within a time; an error before it is no news. */
export function closedWithin(
  stream: { once(event: 'close', listener: () => void): unknown },
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** An HTTP/2 connection whose failures are nobody's concern. */
export async function openSession(member: Member): Promise<ClientHttp2Session> {
  const session = connectHttp2(member.clientUrl);
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

/** Opens a gRPC stream by hand and sends the given bytes, without ending it. */
export function openStream(
  session: ClientHttp2Session,
  path: string,
  bytes: Uint8Array = Buffer.alloc(0),
  headers: Readonly<Record<string, string>> = {},
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => {});
  stream.resume();
  if (bytes.length > 0) stream.write(bytes);
  return stream;
}

/** Resets a stream, as a client does that lost interest. */
export function dropStream(stream: ClientHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL);
}

/** How a hand-made request ended: its gRPC status, HTTP status, or the fact that it was reset. */
export async function outcomeOf(stream: ClientHttp2Stream): Promise<string> {
  let httpStatus: number | undefined;
  let grpcStatus: string | undefined;
  stream.on('response', (headers) => {
    httpStatus = headers[':status'];
    grpcStatus = headers['grpc-status'] as string | undefined;
  });
  stream.on('trailers', (headers) => {
    grpcStatus = (headers['grpc-status'] as string | undefined) ?? grpcStatus;
  });
  if (!(await closedWithin(stream, OUTCOME_TIMEOUT_MS))) return 'no answer';
  if (grpcStatus !== undefined) return `grpc ${grpcStatus}`;
  if (httpStatus !== undefined && httpStatus !== 200) return `http ${httpStatus}`;
  return `reset ${stream.rstCode}`;
}

/** A gRPC message with its five bytes in front. */
export function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
