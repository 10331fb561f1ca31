import { Watch } from '../../src/proto/generated/etcdserverpb.js';
import type { LoadConnection, StreamReceiver } from './connection.js';
import type { WatchShape } from './jobs.js';
import { FieldCursor, MessageReader } from './messages.js';

const EVENTS_TAG = 0x5a;
const CREATED_TAG = 0x18;
const CANCELED_TAG = 0x20;
const EVENT_KV_TAG = 0x12;
const KV_VALUE_TAG = 0x2a;

/** Who is told what comes on watch streams. */
export interface WatchListener {
  onCreated(): void;
  /** `number` is what the value of the event begins with. */
  onEvent(number: number, nowMs: number): void;
  fail(error: Error): void;
}

/** What is watched: a key, or all up to `rangeEnd`. */
export interface Watched {
  readonly key: string;
  readonly rangeEnd?: string;
  /** 0: from now on. */
  readonly startRevision?: number;
}

export function watchersOf(shape: WatchShape): number {
  return shape.connections * shape.streamsPerConnection * shape.watchersPerStream;
}

/** Sends what creates the watchers of `shape`; `connections` are as many as it has. */
export function createWatchers(
  connections: readonly LoadConnection[],
  shape: WatchShape,
  watched: Watched,
  listener: WatchListener,
): void {
  const createRequest = {
    key: Buffer.from(watched.key),
    rangeEnd: Buffer.from(watched.rangeEnd ?? ''),
    startRevision: watched.startRevision ?? 0,
  };
  const create = Watch.methods.watch.request.encode({ createRequest });
  const body = {
    maxSizeBytes: create.length,
    write: (out: Buffer, offset: number) => offset + create.copy(out, offset),
  };
  for (const connection of connections) {
    for (let stream = 0; stream < shape.streamsPerConnection; stream++) {
      const receiver = new EventReceiver(connection, listener);
      const streamId = connection.stream(Watch.methods.watch.path, receiver);
      for (let watcher = 0; watcher < shape.watchersPerStream; watcher++) {
        connection.send(streamId, body);
      }
    }
    connection.flush();
  }
}

/** Reads the events of one watch stream. */
class EventReceiver implements StreamReceiver {
  private readonly connection: LoadConnection;
  private readonly listener: WatchListener;
  private readonly cursor = new FieldCursor();
  private readonly reader = new MessageReader((bytes, start, end) =>
    this.response(bytes, start, end),
  );

  constructor(connection: LoadConnection, listener: WatchListener) {
    this.connection = connection;
    this.listener = listener;
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.reader.data(bytes, start, end);
  }

  end(): void {
    this.listener.fail(new Error('a watch stream ended'));
  }

  private response(bytes: Buffer, start: number, end: number): void {
    const { cursor } = this;
    cursor.set(bytes, start);
    while (cursor.position < end) {
      const tag = cursor.varint();
      if (tag === EVENTS_TAG) {
        const eventEnd = cursor.varint() + cursor.position;
        this.listener.onEvent(this.putOf(bytes, eventEnd), this.connection.nowMs);
        cursor.position = eventEnd;
      } else if (tag === CREATED_TAG && cursor.varint() === 1) {
        this.listener.onCreated();
      } else if (tag === CANCELED_TAG && cursor.varint() === 1) {
        this.listener.fail(new Error('a watcher was cancelled'));
      } else if (tag !== CREATED_TAG && tag !== CANCELED_TAG) {
        cursor.skip(tag);
      }
    }
  }

  /** The number at the start of the event's value. */
  private putOf(bytes: Buffer, eventEnd: number): number {
    const { cursor } = this;
    while (cursor.position < eventEnd) {
      const tag = cursor.varint();
      if (tag === EVENT_KV_TAG) cursor.varint();
      else if (tag === KV_VALUE_TAG) {
        cursor.varint();
        return bytes.readUInt32BE(cursor.position);
      } else cursor.skip(tag);
    }
    throw new Error('an event without a value');
  }
}
