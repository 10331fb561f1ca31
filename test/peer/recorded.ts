/** Recorded connections between members of etcd 3.7.1: test/data/peer-traffic. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { testDataPath } from '../support/repository.js';

/** A message as the index tells it: only the fields that were on the wire, ids in hexadecimal. */
export interface RecordedMessage {
  readonly off: number;
  readonly type: string;
  readonly frame?: number;
  readonly to?: string;
  readonly from?: string;
  readonly term?: number;
  readonly index?: number;
  readonly logTerm?: number;
  readonly commit?: number;
  readonly reject?: number;
  readonly rejectHint?: number;
  readonly context?: string;
  /** How many entries, the first one's index, and the types that occur. */
  readonly n?: number;
  readonly first?: number;
  readonly etypes?: number[];
}

export interface RecordedExchange {
  readonly request: string;
  readonly status: number;
  readonly sender?: string;
  readonly receiver?: string;
  readonly payloadBytes?: number;
  readonly endsMidFrame?: boolean;
  readonly messages?: RecordedMessage[];
  readonly message?: RecordedMessage;
  readonly messageBytes?: number;
  readonly databaseBytes?: number;
  readonly requestBody?: string;
  readonly responseBody?: string;
}

export interface RecordedConnection {
  readonly name: string;
  readonly run: string;
  readonly files: { readonly request: string; readonly response: string };
  readonly exchanges: RecordedExchange[];
}

const index: { connections: RecordedConnection[] } = JSON.parse(
  readFileSync(testDataPath('peer-traffic', 'index.json'), 'utf8'),
);

export const connections: readonly RecordedConnection[] = index.connections;

/** A recorded stream: what one member sent to the other over one connection. */
export interface RecordedStream {
  readonly name: string;
  readonly kind: 'message' | 'msgapp';
  readonly sender: bigint;
  readonly receiver: bigint;
  readonly endsMidFrame: boolean;
  readonly messages: readonly RecordedMessage[];
  /** The bytes of the stream, free of HTTP. */
  readonly payload: Buffer;
}

/** All recorded streams. */
export function recordedStreams(): RecordedStream[] {
  const streams: RecordedStream[] = [];
  for (const { name, files, exchanges } of connections) {
    const exchange = exchanges[0];
    const kind = /^GET \/raft\/stream\/(message|msgapp)\//.exec(exchange?.request ?? '')?.[1];
    if (exchange?.messages === undefined) continue;
    streams.push({
      name,
      kind: kind === 'msgapp' ? 'msgapp' : 'message',
      sender: BigInt(`0x${exchange.sender}`),
      receiver: BigInt(`0x${exchange.receiver}`),
      endsMidFrame: exchange.endsMidFrame === true,
      messages: exchange.messages,
      payload: takeHttpMessage(readRecording(files.response)).body,
    });
  }
  return streams;
}

export interface RecordedPost {
  readonly name: string;
  readonly exchange: RecordedExchange;
  readonly body: Buffer;
}

/** All recorded POST requests to `path`, with their bodies. */
export function recordedPosts(path: string): RecordedPost[] {
  return connections.flatMap(({ name, files, exchanges }) => {
    let rest = readRecording(files.request);
    return exchanges.flatMap((exchange) => {
      const taken = takeHttpMessage(rest);
      rest = taken.rest;
      return exchange.request === `POST ${path}` ? [{ name, exchange, body: taken.body }] : [];
    });
  });
}

function readRecording(file: string): Buffer {
  return gunzipSync(readFileSync(testDataPath('peer-traffic', file)));
}

/** Takes one request or response off `bytes`. A cut connection ends it early. */
function takeHttpMessage(bytes: Buffer): { body: Buffer; rest: Buffer } {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  const head = bytes.subarray(0, headEnd).toString('latin1');
  const after = bytes.subarray(headEnd);
  if (/^transfer-encoding: chunked/im.test(head)) return takeChunks(after);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  return { body: after.subarray(0, length), rest: after.subarray(length) };
}

function takeChunks(bytes: Buffer): { body: Buffer; rest: Buffer } {
  const chunks: Buffer[] = [];
  let position = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', position);
    if (lineEnd < 0) break;
    const size = Number.parseInt(bytes.subarray(position, lineEnd).toString('latin1'), 16);
    const start = lineEnd + 2;
    position = start + size + 2;
    if (size === 0) break;
    chunks.push(bytes.subarray(start, start + size));
  }
  return { body: Buffer.concat(chunks), rest: bytes.subarray(position) };
}
