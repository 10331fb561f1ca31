import type { BidirectionalStream, GrpcClient } from '../../support/grpc.js';
import { normaliseErrorText } from './normalise.js';
import { decodePlain, encodePlain, type Plain } from './schema.js';

/** An event as the tap saw it: the truth that other watches are waited for with. */
export interface TapEvent {
  key: string;
  isDelete: boolean;
  modRevision: number;
}

/** A watch as the server acknowledged it. */
interface Watcher {
  id: string;
  key: string;
  rangeEnd: string;
  filters: readonly number[];
  takesFragments: boolean;
  /** Events below this revision are not for it. */
  fromRevision: number;
  /** A start exactly at the compacted revision may or may not deliver that revision's events. */
  uncertainRevision: number | undefined;
  /** Whether it was given some time for the events of its uncertain revision. */
  hasWaited: boolean;
  /** It starts below the compacted revision: the server must cancel it. */
  isDoomed: boolean;
  isActive: boolean;
  /** Without those of the uncertain revision. */
  receivedEvents: number;
}

const RESPONSE_TIMEOUT_MS = 5_000;
/** etcd brings watches that start in the past up to date every 100 ms. */
const CATCH_UP_MS = 300;
const UNCERTAIN_WAIT_MS = 300;
const PROGRESS_WAIT_MS = 130;
const PROGRESS_ATTEMPTS = 4;

/** A create whose answer orders everything the server was asked before it. */
const BARRIER: Plain = { create_request: { key: 'b', range_end: 'a' } };

/** One watch stream of a program: sends requests, keeps the responses, knows what is still to come. */
export class WatchSession {
  isHalfClosed = false;
  /** When the newest watch that starts in the past can be taken as caught up. */
  caughtUpAtMs = 0;
  private readonly stream: BidirectionalStream;
  private readonly watchers = new Map<string, Watcher>();
  /** Creates without an answer, in the order of the answers; a barrier is undefined. */
  private readonly pendingCreates: (Watcher | undefined)[] = [];
  private pendingProgress: Plain[] = [];
  private unreported: Plain[] = [];
  private readMessages = 0;
  private answeredCreates = 0;
  private sentCreates = 0;

  constructor(client: GrpcClient) {
    this.stream = client.bidirectional('etcdserverpb.Watch/Watch');
  }

  get hasEnded(): boolean {
    return this.stream.ending !== undefined;
  }

  /** Sends a create and waits for its answer. */
  async create(request: Plain, compactRevision: number): Promise<void> {
    const start = Number(request.start_revision ?? 0);
    this.pendingCreates.push({
      id: '',
      key: request.key === undefined || request.key === '' ? '\0' : String(request.key),
      rangeEnd: String(request.range_end ?? ''),
      filters: (request.filters as number[] | undefined) ?? [],
      takesFragments: request.fragment === true,
      fromRevision: start,
      uncertainRevision: start === compactRevision ? start : undefined,
      hasWaited: false,
      isDoomed: start > 0 && start < compactRevision,
      isActive: false,
      receivedEvents: 0,
    });
    if (start > 0) this.caughtUpAtMs = Date.now() + CATCH_UP_MS;
    this.sentCreates++;
    this.send({ create_request: request });
    await this.waitForCreates();
  }

  /** Sends a cancel, and waits until the server must have dealt with it. */
  async cancelWatcher(id: string | number): Promise<void> {
    this.send({ cancel_request: { watch_id: id } });
    await this.barrier();
  }

  /** Waits until the server has dealt with everything sent so far. */
  async barrier(): Promise<void> {
    this.pendingCreates.push(undefined);
    this.sentCreates++;
    this.send(BARRIER);
    await this.waitForCreates();
  }

  /** Asks for progress, more than once if need be; the revision reported, or undefined for none. */
  async progress(): Promise<number | undefined> {
    this.pendingProgress = [];
    for (let attempt = 0; attempt < PROGRESS_ATTEMPTS; attempt++) {
      this.send({ progress_request: {} });
      await this.until(() => this.pendingProgress.length > 0, PROGRESS_WAIT_MS);
      const header = this.pendingProgress[0]?.header as Plain | undefined;
      if (header !== undefined) return Number(header.revision);
    }
    return undefined;
  }

  send(request: Plain): void {
    this.sendBytes(encodePlain('WatchRequest', request));
  }

  sendBytes(bytes: Buffer): void {
    this.stream.send(bytes);
  }

  /** Waits for the end of the stream. */
  async waitForEnd(): Promise<void> {
    await this.until(() => this.hasEnded, RESPONSE_TIMEOUT_MS);
  }

  halfClose(): void {
    this.isHalfClosed = true;
    this.stream.halfClose();
  }

  /** Ids of the watches that the server has not ended. */
  get activeIds(): string[] {
    this.readNew();
    return [...this.watchers.values()].filter((one) => one.isActive).map((one) => one.id);
  }

  /** Waits until every watch has what the tap says it must get. */
  async settle(tapEvents: readonly TapEvent[]): Promise<string[]> {
    const complaints: string[] = [];
    if (this.hasEnded) return complaints;
    for (const watcher of [...this.watchers.values()].filter((one) => one.isActive)) {
      const due = tapEvents.filter((event) => isDue(watcher, event)).length;
      const isComplete = () =>
        !watcher.isActive || (!watcher.isDoomed && watcher.receivedEvents >= due);
      if (!(await this.until(isComplete, RESPONSE_TIMEOUT_MS))) {
        complaints.push(`watch ${watcher.id} got ${watcher.receivedEvents} of ${due} events`);
      }
      if (watcher.uncertainRevision !== undefined && !watcher.hasWaited) {
        await this.until(() => false, UNCERTAIN_WAIT_MS);
        watcher.hasWaited = true;
      }
    }
    return complaints;
  }

  /** The responses since the last report, barriers and progress left out. */
  takeResponses(): Plain[] {
    this.readNew();
    const responses = this.unreported;
    this.unreported = [];
    return responses;
  }

  /** How the stream ended, if it did. */
  get ending(): Plain | undefined {
    const ending = this.stream.ending;
    if (ending === undefined) return undefined;
    return { code: ending.code, text: normaliseErrorText(ending.details) };
  }

  close(): void {
    this.stream.cancel();
  }

  private async waitForCreates(): Promise<void> {
    await this.until(() => this.answeredCreates >= this.sentCreates, RESPONSE_TIMEOUT_MS);
  }

  private until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    return this.stream.until(() => {
      this.readNew();
      return condition();
    }, timeoutMs);
  }

  private readNew(): void {
    const { received } = this.stream;
    for (; this.readMessages < received.length; this.readMessages++) {
      const message = received[this.readMessages];
      if (message !== undefined) this.read(decodePlain('WatchResponse', message));
    }
  }

  private read(response: Plain): void {
    if (response.created === true) {
      this.readCreated(response);
      return;
    }
    const watcher = this.watchers.get(String(response.watch_id ?? 0));
    const isProgress = response.watch_id === -1 && response.canceled !== true;
    if (isProgress && response.events === undefined) {
      this.pendingProgress.push(response);
      return;
    }
    this.unreported.push(response);
    if (watcher === undefined) return;
    if (response.canceled === true) watcher.isActive = false;
    if (response.fragment === true && !watcher.takesFragments) {
      response.complaints = 'a fragment that nobody asked for';
    }
    const events = (response.events ?? []) as Plain[];
    watcher.receivedEvents += events.filter(
      (event) => (event.kv as Plain | undefined)?.mod_revision !== watcher.uncertainRevision,
    ).length;
  }

  private readCreated(response: Plain): void {
    this.answeredCreates++;
    const watcher = this.pendingCreates.shift();
    if (watcher === undefined) return;
    this.unreported.push(response);
    if (response.canceled === true) return;
    const header = response.header as Plain | undefined;
    watcher.id = String(response.watch_id ?? 0);
    watcher.isActive = true;
    if (watcher.fromRevision === 0) watcher.fromRevision = Number(header?.revision ?? 0) + 1;
    this.watchers.set(watcher.id, watcher);
  }
}

const NO_PUT = 0;
const NO_DELETE = 1;

/** Whether the watch must get that event. */
function isDue(watcher: Watcher, event: TapEvent): boolean {
  if (event.modRevision < watcher.fromRevision) return false;
  if (event.modRevision === watcher.uncertainRevision) return false;
  if (watcher.filters.includes(event.isDelete ? NO_DELETE : NO_PUT)) return false;
  if (watcher.rangeEnd === '') return event.key === watcher.key;
  if (event.key < watcher.key) return false;
  return watcher.rangeEnd === '\0' || event.key < watcher.rangeEnd;
}
