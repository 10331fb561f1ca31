import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { Watch, WatchRequest, WatchResponse } from '../../../src/proto/generated/etcdserverpb.js';
import type { Init } from '../../../src/proto/wire.js';
import { groupByRevision, type Revision } from '../../durability/support/history.js';

const PREFIX_BYTES = 5;

/** A watch over plain HTTP/2 whose responses stay unread, so that flow control stops the server. */
export class SlowWatch {
  readonly revisions: Revision[] = [];
  private readonly session: ClientHttp2Session;
  private readonly stream: ClientHttp2Stream;
  private chunks: Buffer[] = [];
  private bufferedBytes = 0;
  private neededBytes = PREFIX_BYTES;

  private constructor(session: ClientHttp2Session, stream: ClientHttp2Stream) {
    this.session = session;
    this.stream = stream;
  }

  /** Resolves when the server has taken the call; the created response is not read yet. */
  static async open(
    url: string,
    create: Init<NonNullable<WatchRequest['createRequest']>>,
  ): Promise<SlowWatch> {
    const session = connect(url);
    await once(session, 'connect');
    const stream = session.request({
      ':method': 'POST',
      ':path': Watch.methods.watch.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const message = WatchRequest.encode({ createRequest: create });
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    stream.write(Buffer.concat([prefix, message]));
    await once(stream, 'response');
    return new SlowWatch(session, stream);
  }

  /** Reads on from now; resolves when there are events up to `revision`. Throws if they do not come. */
  async readUntil(revision: number, timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while ((this.revisions.at(-1)?.revision ?? 0) < revision) {
      const chunk = this.stream.read() as Buffer | null;
      if (chunk !== null) this.take(chunk);
      else if (this.stream.destroyed || performance.now() > endMs) {
        throw new Error(`the watch ended at ${this.revisions.at(-1)?.revision} of ${revision}`);
      } else await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  close(): void {
    this.stream.close();
    this.session.destroy();
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bufferedBytes += chunk.length;
    if (this.bufferedBytes < this.neededBytes) return;
    let bytes = Buffer.concat(this.chunks);
    this.neededBytes = PREFIX_BYTES;
    while (bytes.length >= PREFIX_BYTES) {
      this.neededBytes = PREFIX_BYTES + bytes.readUInt32BE(1);
      if (bytes.length < this.neededBytes) break;
      const { events } = WatchResponse.decode(bytes.subarray(PREFIX_BYTES, this.neededBytes));
      this.revisions.push(...groupByRevision(events));
      bytes = bytes.subarray(this.neededBytes);
      this.neededBytes = PREFIX_BYTES;
    }
    this.chunks = [bytes];
    this.bufferedBytes = bytes.length;
  }
}
