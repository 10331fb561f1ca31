import type { BidirectionalStream, GrpcClient } from '../../support/grpc.js';
import { decodePlain, encodePlain, type Plain } from './schema.js';
import type { TapEvent } from './watch-session.js';

const TIMEOUT_MS = 5_000;

/**
 * A watch on everything, open for the length of a program. It says which events exist, so that other
 * watches can be waited for instead of being given some time.
 */
export class Tap {
  readonly events: TapEvent[] = [];
  private readonly stream: BidirectionalStream;
  private readMessages = 0;
  private isCreated = false;

  constructor(client: GrpcClient) {
    this.stream = client.bidirectional('etcdserverpb.Watch/Watch');
  }

  async open(): Promise<void> {
    const request = { create_request: { key: '\0', range_end: '\0' } };
    this.stream.send(encodePlain('WatchRequest', request));
    await this.until(() => this.isCreated, 'the watch on everything was not created');
  }

  /** Waits until the events up to this revision are known. Every revision above the first has one. */
  async waitFor(revision: number, openRevision: number): Promise<void> {
    if (revision <= openRevision) return;
    await this.until(
      () => (this.events.at(-1)?.modRevision ?? 0) >= revision,
      `the watch on everything did not see revision ${revision}`,
    );
  }

  close(): void {
    this.stream.cancel();
  }

  private async until(condition: () => boolean, complaint: string): Promise<void> {
    const held = await this.stream.until(() => {
      this.readNew();
      return condition();
    }, TIMEOUT_MS);
    if (!held) throw new Error(complaint);
  }

  private readNew(): void {
    const { received } = this.stream;
    for (; this.readMessages < received.length; this.readMessages++) {
      const message = received[this.readMessages];
      if (message === undefined) continue;
      const response = decodePlain('WatchResponse', message);
      if (response.created === true) this.isCreated = true;
      for (const event of (response.events ?? []) as Plain[]) this.events.push(toTapEvent(event));
    }
  }
}

function toTapEvent(event: Plain): TapEvent {
  const keyValue = (event.kv ?? {}) as Plain;
  return {
    key: String(keyValue.key ?? ''),
    isDelete: event.type === 1,
    modRevision: Number(keyValue.mod_revision ?? 0),
  };
}
