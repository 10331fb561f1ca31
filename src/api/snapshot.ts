import { createHash } from 'node:crypto';
import { Maintenance, SnapshotRequest, SnapshotResponse } from '../proto/generated/etcdserverpb.js';
import { DatabaseSnapshot, type KvorumServer } from '../server/index.js';
import type { StreamCall, StreamMethod, StreamReceiver } from '../transport/index.js';
import { toStreamError } from './rpc.js';

/** Messages sent in one turn of the event loop: 128 KiB to hash, to encode and to hand over. */
const MESSAGES_PER_TURN = 4;

/** What of a member is asked: its state, and the version of the format it has. */
export type SnapshotSource = {
  readonly backend: KvorumServer['backend'];
  readonly cluster: Pick<KvorumServer['cluster'], 'storageVersion'>;
};

/** Maintenance.Snapshot: the database as a file, and its SHA-256 (formats.md §6, G.47). */
export function snapshotMethod(server: SnapshotSource): StreamMethod {
  return {
    kind: 'server',
    path: Maintenance.methods.snapshot.path,
    open: (call) => new SnapshotCall(server, call),
  };
}

class SnapshotCall implements StreamReceiver {
  readonly #server: SnapshotSource;
  readonly #call: StreamCall;
  readonly #closed = new AbortController();
  #messages = 0;
  #resume: () => void = () => {};

  constructor(server: SnapshotSource, call: StreamCall) {
    this.#server = server;
    this.#call = call;
  }

  message(bytes: Buffer): void {
    this.#answer(bytes).catch((error: unknown) => {
      if (!this.#closed.signal.aborted) this.#call.end(toStreamError(error));
    });
  }

  halfClosed(): void {}

  drained(): void {
    this.#resume();
  }

  closed(): void {
    this.#closed.abort();
    this.#resume();
  }

  async #answer(bytes: Buffer): Promise<void> {
    SnapshotRequest.decode(bytes);
    const version = this.#server.cluster.storageVersion ?? '';
    const database = await DatabaseSnapshot.open(this.#server.backend, this.#closed.signal);
    try {
      const digest = createHash('sha256');
      let remainingBytes = database.sizeBytes;
      for await (const blob of database.blocks()) {
        digest.update(blob);
        remainingBytes -= blob.length;
        await this.#send({ remainingBytes, blob, version });
      }
      await this.#send({ remainingBytes: 0, blob: digest.digest(), version });
    } finally {
      await database.close();
    }
    this.#call.end(null);
  }

  /** Resolves when the next message may follow; rejects when the client is gone. */
  async #send(message: Omit<SnapshotResponse, 'header'>): Promise<void> {
    this.#closed.signal.throwIfAborted();
    const hasRoom = this.#call.write(SnapshotResponse.encode(message));
    // Nobody will say that there is room again if that write was what ended the call.
    this.#closed.signal.throwIfAborted();
    this.#messages++;
    if (!hasRoom) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    } else if (this.#messages % MESSAGES_PER_TURN === 0) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    this.#closed.signal.throwIfAborted();
  }
}
