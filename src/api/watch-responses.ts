import { ProtoWriter } from '../proto/wire.js';
import type { ResponseHeaders } from './response-header.js';

/** What a WatchResponse says; what is left out is not sent. */
export interface WatchResponseFields {
  readonly watchId: bigint;
  /** For the header; 0 leaves it out. */
  readonly revision: number;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly fragment?: boolean;
  /** Encoded mvccpb.Event messages. */
  readonly events?: readonly Buffer[];
}

const writer = new ProtoWriter(65_536);
const NO_EVENTS: readonly Buffer[] = [];

/** Encodes a WatchResponse; the events go in as they are. */
export function encodeWatchResponse(
  headers: ResponseHeaders,
  response: WatchResponseFields,
): Buffer {
  const { watchId, compactRevision, cancelReason, events = NO_EVENTS } = response;
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index];
    if (event === undefined) continue;
    writer.bytes(event);
    writer.uint32(0x5a);
  }
  if (response.fragment === true) writeTrue(0x38);
  if (cancelReason !== undefined && cancelReason !== '') {
    writer.string(cancelReason);
    writer.uint32(0x32);
  }
  if (compactRevision !== undefined && compactRevision !== 0) {
    writer.int64Number(compactRevision);
    writer.uint32(0x28);
  }
  if (response.canceled === true) writeTrue(0x20);
  if (response.created === true) writeTrue(0x18);
  if (watchId !== 0n) {
    writer.uint64(watchId);
    writer.uint32(0x10);
  }
  headers.write(writer, response.revision);
  return writer.finish();
}

function writeTrue(tag: number): void {
  writer.bool(true);
  writer.uint32(tag);
}

/** A part of one revision's events. */
export interface EventPiece {
  readonly events: readonly Buffer[];
  readonly isLast: boolean;
}

/** Splits events into contiguous pieces below the limit; an event larger than that goes alone. */
export function fragmentsOf(events: readonly Buffer[], limitBytes: number): EventPiece[] {
  const pieces: Buffer[][] = [];
  let piece: Buffer[] = [];
  let sizeBytes = 0;
  for (const event of events) {
    if (piece.length > 0 && sizeBytes + event.length >= limitBytes) {
      pieces.push(piece);
      piece = [];
      sizeBytes = 0;
    }
    piece.push(event);
    sizeBytes += event.length;
  }
  pieces.push(piece);
  return pieces.map((part, index) => ({ events: part, isLast: index === pieces.length - 1 }));
}
