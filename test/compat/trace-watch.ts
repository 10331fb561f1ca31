import assert from 'node:assert/strict';
import type { BidirectionalStream, GrpcClient } from '../support/grpc.js';
import {
  encodeBytesField,
  encodeVarintField,
  parseFields,
  type WireField,
} from '../support/wire.js';
import { eventDigest, type TraceEvent, type TraceWatch } from './apiserver-trace.js';

/** Field numbers of WatchResponse and WatchCreateRequest (grpc-surface.md). */
const CREATED = 3;
const CANCELED = 4;
const COMPACT_REVISION = 5;
const EVENTS = 11;
const START_REVISION = 3;
const CREATE_REQUEST = 1;

/**
 * One recorded watch, kept open on a stream of its own. After the member was killed it is opened
 * again behind the last revision it saw whole, as a client does.
 */
export class ReplayedWatch {
  readonly recorded: TraceWatch;
  /** All events delivered so far, over all streams. */
  readonly events: TraceEvent[] = [];
  private stream: BidirectionalStream | undefined;
  private readResponses = 0;
  private created = false;
  private cancelled = false;
  private startRevision = 0;

  constructor(recorded: TraceWatch) {
    this.recorded = recorded;
  }

  /** Opens (or opens again) and waits until the server has created it. */
  async open(client: GrpcClient, timeoutMs: number): Promise<void> {
    if (this.cancelled) return;
    this.readResponses = 0;
    this.created = false;
    this.stream = client.bidirectional('etcdserverpb.Watch/Watch', {
      metadata: { hasleader: 'true' },
    });
    this.stream.send(encodeBytesField(CREATE_REQUEST, this.createRequest()));
    const created = await this.stream.until(() => {
      this.readNewResponses();
      return this.created;
    }, timeoutMs);
    assert.ok(created, `watch at revision ${this.recorded.revision} was not created`);
  }

  /** Waits until all recorded events up to `revision` have come. */
  async waitForEvents(revision: number, timeoutMs: number): Promise<void> {
    const expected = this.recorded.events.filter((event) => event.modRevision <= revision).length;
    await this.stream?.until(() => {
      this.readNewResponses();
      return this.events.length >= expected;
    }, timeoutMs);
    assert.deepEqual(
      this.events.slice(0, expected),
      this.recorded.events.slice(0, expected),
      `events of the watch at revision ${this.recorded.revision}`,
    );
  }

  /** Every event must lie behind the one before it; equal revisions only within one transaction. */
  checkOrder(): void {
    let previous = 0;
    const seen = new Set<string>();
    for (const { modRevision, digest } of this.events) {
      assert.ok(modRevision >= previous, `event ${modRevision} came after ${previous}`);
      assert.ok(!seen.has(`${modRevision} ${digest}`), `event ${modRevision} came twice`);
      seen.add(`${modRevision} ${digest}`);
      previous = modRevision;
    }
  }

  /** Takes in what still came before the connection broke. */
  readNewResponses(): void {
    const received = this.stream?.received ?? [];
    for (; this.readResponses < received.length; this.readResponses++) {
      this.readResponse(parseFields(received[this.readResponses] ?? Buffer.alloc(0)));
    }
  }

  close(): void {
    this.stream?.cancel();
  }

  private readResponse(fields: WireField[]): void {
    for (const field of fields) {
      if (field.number === CREATED) this.created = true;
      if (field.number === EVENTS) this.events.push(eventDigest(field.bytes));
      if (field.number === CANCELED) this.checkCancellation(fields);
    }
  }

  /** Only a watch that was opened behind a compaction may be ended by the server. */
  private checkCancellation(fields: WireField[]): void {
    const compactRevision = Number(
      fields.find((field) => field.number === COMPACT_REVISION)?.value ?? 0n,
    );
    assert.ok(
      this.startRevision > 0 && this.startRevision < compactRevision,
      `the watch at ${this.recorded.revision} from ${this.startRevision} was cancelled`,
    );
    this.cancelled = true;
  }

  private createRequest(): Buffer {
    const fields = parseFields(this.recorded.createRequest);
    const start = fields.find((field) => field.number === START_REVISION)?.value ?? 0n;
    const lastSeen = this.events.at(-1)?.modRevision;
    this.startRevision = lastSeen === undefined ? Number(start) : lastSeen + 1;
    return Buffer.concat([
      ...fields.filter((field) => field.number !== START_REVISION).map((field) => field.raw),
      encodeVarintField(START_REVISION, BigInt(this.startRevision)),
    ]);
  }
}
