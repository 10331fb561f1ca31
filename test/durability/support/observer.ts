import type { WatchResponse } from '../../../src/proto/generated/etcdserverpb.js';
import { Watch } from '../../../src/proto/generated/etcdserverpb.js';
import type { EtcdClient, WatchStream } from '../../support/etcd-client.js';
import { History } from './history.js';

const EVERYTHING = Buffer.from([0]);

/**
 * A watcher of the whole store that goes on where it was after every break, and so must get every
 * event exactly once.
 */
export class Observer {
  readonly history = new History();
  private stream: WatchStream | undefined;
  private failure: Error | undefined;

  /** Watches on from what was seen so far, through a client of the restarted member. */
  resume(client: EtcdClient): void {
    this.stream?.cancel();
    const stream = client.watch({
      key: EVERYTHING,
      rangeEnd: EVERYTHING,
      startRevision: this.history.lastRevision + 1,
      prevKv: true,
    });
    this.stream = stream;
    stream.stream.onChange(() => {
      if (this.stream === stream) this.take(stream);
    });
  }

  /** Waits until everything up to `revision` was seen. Throws if it does not come, or came wrong. */
  async reach(revision: number, timeoutMs = 20_000): Promise<void> {
    const { stream } = this;
    if (stream === undefined) throw new Error('the observer does not watch');
    const isThere = (): boolean =>
      this.failure !== undefined || this.history.lastRevision >= revision;
    const reached = await stream.stream.until(isThere, timeoutMs);
    this.check();
    if (reached) return;
    const ending = stream.stream.ending?.message ?? 'still open';
    throw new Error(`the watcher is at ${this.history.lastRevision} of ${revision}: ${ending}`);
  }

  /** Throws if anything came wrong so far. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  stop(): void {
    this.stream?.cancel();
    this.stream = undefined;
  }

  private take(stream: WatchStream): void {
    try {
      for (const message of stream.stream.received.splice(0)) {
        this.history.append(eventsOf(Watch.methods.watch.response.decode(message)));
      }
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }
}

function eventsOf(response: WatchResponse): WatchResponse['events'] {
  const { canceled, compactRevision, cancelReason, events } = response;
  if (canceled) throw new Error(`the watch ended: compacted at ${compactRevision} ${cancelReason}`);
  return events;
}
