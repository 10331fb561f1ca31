import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { parseFields } from '../support/wire.js';

/** A unary call of a recording and the answer it must get. */
export interface TraceCall {
  kind: 'call';
  method: string;
  request: Buffer;
  /** The revision of the response's header; for a failed call, of the store at that time. */
  revision: number;
  /** The response without its header field, or the error. */
  expected: { response: Buffer } | { code: number; message: string };
}

/** A watch of a recording, with the events it must deliver at least. */
export interface TraceWatch {
  kind: 'watch';
  /** The encoded WatchCreateRequest. */
  createRequest: Buffer;
  revision: number;
  events: TraceEvent[];
}

/** An event, by its revision and the first 16 hex digits of the SHA-256 of its bytes. */
export interface TraceEvent {
  modRevision: number;
  digest: string;
}

export type TraceLine = TraceCall | TraceWatch;

interface RecordedLine {
  m: string;
  q: string;
  rev: number;
  r?: string;
  code?: number;
  msg?: string;
  events?: [number, string][];
}

/** Reads a recording: JSON lines, compressed with brotli when the name ends in `.br`. */
export function readTrace(path: string): TraceLine[] {
  const stored = readFileSync(path);
  const text = path.endsWith('.br') ? brotliDecompressSync(stored).toString() : stored.toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toTraceLine(JSON.parse(line) as RecordedLine));
}

function toTraceLine(line: RecordedLine): TraceLine {
  const request = Buffer.from(line.q, 'base64');
  if (line.m === 'watch') {
    const events = (line.events ?? []).map(([modRevision, digest]) => ({ modRevision, digest }));
    return { kind: 'watch', createRequest: request, revision: line.rev, events };
  }
  const expected =
    line.code === undefined
      ? { response: Buffer.from(line.r ?? '', 'base64') }
      : { code: line.code, message: line.msg ?? '' };
  return { kind: 'call', method: line.m, request, revision: line.rev, expected };
}

/** Splits a response into the revision of its header (field 1) and the bytes of all other fields. */
export function splitHeader(response: Buffer): { revision: number; rest: Buffer } {
  let revision = 0;
  const rest: Buffer[] = [];
  for (const field of parseFields(response)) {
    if (field.number === 1) revision = headerRevision(field.bytes);
    else rest.push(field.raw);
  }
  return { revision, rest: Buffer.concat(rest) };
}

function headerRevision(header: Buffer): number {
  return Number(parseFields(header).find((field) => field.number === 3)?.value ?? 0n);
}

/** The digest the recording holds of an encoded mvccpb.Event. */
export function eventDigest(event: Buffer): TraceEvent {
  const keyValue = parseFields(event).find((field) => field.number === 2)?.bytes ?? Buffer.alloc(0);
  const modRevision = parseFields(keyValue).find((field) => field.number === 3)?.value ?? 0n;
  return {
    modRevision: Number(modRevision),
    digest: createHash('sha256').update(event).digest('hex').slice(0, 16),
  };
}
