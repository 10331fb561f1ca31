/**
 * A server that answers every request with the same prepared bytes and knows nothing but who watches: what a generator
 * reaches on it is the most the generator can reach. Tells its parent its port and ends with it. With the
 * paths of a certificate, its key and an authority as arguments it demands certificates over TLS.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADER_BYTES,
  FRAME_HEADERS,
  FRAME_SETTINGS,
  frame,
  windowUpdate,
} from './http2.js';
import { SinkWatches } from './sink-watches.js';

const PREFACE_BYTES = 24;
const RESPONSE_BYTES = 300;
const WINDOW_STEP_BYTES = 32_768;

function literalHeader(name: string, value: string): Buffer {
  const text = (part: string) =>
    Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** Where the stream ids of the three frames of an answer are filled in. */
const message = Buffer.alloc(5 + RESPONSE_BYTES);
message.writeUInt32BE(RESPONSE_BYTES, 1);
const parts = [
  frame(
    FRAME_HEADERS,
    FLAG_END_HEADERS,
    0,
    Buffer.concat([Buffer.from([0x88]), literalHeader('content-type', 'application/grpc')]),
  ),
  frame(FRAME_DATA, 0, 0, message),
  frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 0, literalHeader('grpc-status', '0')),
];
const ANSWER = Buffer.concat(parts);
const STREAM_ID_OFFSETS = [0, parts[0]?.length ?? 0, ANSWER.length - (parts[2]?.length ?? 0)].map(
  (start) => start + 5,
);

const watches = new SinkWatches();

function serve(socket: Socket): void {
  let unread: Buffer = Buffer.alloc(0);
  let toSkip = PREFACE_BYTES;
  let receivedBytes = 0;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => watches.forget(socket));
  socket.write(frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(0)));
  socket.on('data', (chunk: Buffer) => {
    const bytes = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    const answers: Buffer[] = [];
    let position = 0;
    if (toSkip > 0 && bytes.length >= toSkip) {
      position = toSkip;
      toSkip = 0;
    }
    while (toSkip === 0 && position + FRAME_HEADER_BYTES <= bytes.length) {
      const sizeBytes = bytes.readUIntBE(position, 3);
      const end = position + FRAME_HEADER_BYTES + sizeBytes;
      if (end > bytes.length) break;
      const type = bytes[position + 3];
      const flags = bytes[position + 4] ?? 0;
      if (type === FRAME_DATA) receivedBytes += sizeBytes;
      if (type === FRAME_DATA && (flags & FLAG_END_STREAM) !== 0) {
        const answer = Buffer.from(ANSWER);
        for (const offset of STREAM_ID_OFFSETS)
          bytes.copy(answer, offset, position + 5, position + 9);
        answers.push(answer);
        watches.onUnary(bytes.subarray(position + FRAME_HEADER_BYTES, end));
      } else if (type === FRAME_DATA) {
        const streamId = bytes.readUInt32BE(position + 5);
        const message = bytes.subarray(position + FRAME_HEADER_BYTES, end);
        answers.push(watches.onMessage(socket, streamId, message));
      } else if (type === FRAME_SETTINGS && (flags & FLAG_ACK) === 0) {
        answers.push(frame(FRAME_SETTINGS, FLAG_ACK, 0, Buffer.alloc(0)));
      }
      position = end;
    }
    unread = bytes.subarray(position);
    if (receivedBytes > WINDOW_STEP_BYTES) {
      answers.push(windowUpdate(0, receivedBytes));
      receivedBytes = 0;
    }
    if (answers.length > 0) socket.write(Buffer.concat(answers));
  });
}

/** With or without TLS, as the arguments say. */
function create(): ReturnType<typeof createServer> {
  const [certFile, keyFile, caFile] = process.argv.slice(2);
  if (certFile === undefined || keyFile === undefined || caFile === undefined) {
    return createServer(serve);
  }
  const files = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ca: readFileSync(caFile),
  };
  return createTlsServer({ ...files, requestCert: true, ALPNProtocols: ['h2'] }, serve);
}

const server = create().listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.once('disconnect', () => process.exit(0));
