import type { Socket } from 'node:net';
import { FRAME_DATA, frame } from './http2.js';

const GRPC_PREFIX_BYTES = 5;
/** The first byte of a WatchRequest that creates a watcher. */
const CREATE_TAG = 0x0a;
/** Response header and watch id, as long as a server's. */
const RESPONSE_HEAD = field(0x0a, Buffer.alloc(20, 1));
/** Revisions and version of a key-value. */
const KEY_VALUE_REST = Buffer.from([0x10, 0x82, 0x80, 1, 0x18, 0x82, 0x80, 1, 0x20, 1]);
const CREATED = grpcMessage(Buffer.concat([RESPONSE_HEAD, Buffer.from([0x18, 1])]));

/** What a sink knows of streams: watchers are told every put, whatever they watch. */
export class SinkWatches {
  /** The streams of each connection, once for every watcher. */
  private readonly watchers = new Map<Socket, number[]>();

  /** The answer to a message on a stream that stays open. */
  onMessage(socket: Socket, streamId: number, message: Buffer): Buffer {
    if (message[GRPC_PREFIX_BYTES] === CREATE_TAG) {
      const streams = this.watchers.get(socket) ?? [];
      streams.push(streamId);
      this.watchers.set(socket, streams);
    }
    return frame(FRAME_DATA, 0, streamId, CREATED);
  }

  /** Sends the event of a put to all watchers; what `message` holds is not looked at without any. */
  onUnary(message: Buffer): void {
    if (this.watchers.size === 0) return;
    const event = grpcMessage(eventOf(message.subarray(GRPC_PREFIX_BYTES)));
    for (const [socket, streams] of this.watchers) {
      socket.write(Buffer.concat(streams.map((id) => frame(FRAME_DATA, 0, id, event))));
    }
  }

  forget(socket: Socket): void {
    this.watchers.delete(socket);
  }
}

/** A WatchResponse with the event of a PutRequest: key = 1, value = 2, both shorter than 128 bytes. */
function eventOf(put: Buffer): Buffer {
  const keyEnd = 2 + (put[1] ?? 0);
  const key = put.subarray(2, keyEnd);
  const value = put.subarray(keyEnd + 2);
  const keyValue = Buffer.concat([field(0x0a, key), KEY_VALUE_REST, field(0x2a, value)]);
  return Buffer.concat([RESPONSE_HEAD, field(0x5a, field(0x12, keyValue))]);
}

/** A length-delimited field; longer ones than a sink needs take two bytes for their length. */
function field(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, (length % 128) | 128, length >> 7];
  return Buffer.concat([Buffer.from(head), content]);
}

function grpcMessage(message: Buffer): Buffer {
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
