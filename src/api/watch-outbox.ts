import { varint64Size, writeVarint64 } from '../base/varint.js';
import type { Message } from '../transport/index.js';
import { EventRun } from './event-run.js';
import type { ResponseHeaders } from './response-header.js';
import { WatchMessage } from './watch-message.js';
import { encodeWatchResponse, fragmentsOf } from './watch-responses.js';

/** Events of one stream that wait for the end of the turn; with more they leave at once. */
const MAX_WAITING_BYTES = 256 * 1024;
const NO_ID = Buffer.alloc(0);

/** Responses of one turn: some milliseconds' work. */
const RESPONSES_PER_TURN = 4096;

/** Whoever has something to do at the end of the turn. */
export interface TurnMember {
  /** Returns how many responses it has sent. */
  turnEnds(): number;
}

/**
 * The events of one turn of the event loop, for all streams. Writes come in groups, as the log takes
 * them, and a watcher gets what a group brings it in one response: with 1,000 watchers and 16 puts in
 * a turn that is a sixteenth of the responses, and each block of events is put together once.
 *
 * With very many watchers the streams take turns of the event loop, so that writes go on meanwhile;
 * what these bring is added to the responses of the streams that are still to come.
 */
export class WatchTurn {
  #root = EventRun.empty();
  /** Those at work, from `#at` on, and those that came since that began. */
  #members: TurnMember[] = [];
  #at = 0;
  #arriving: TurnMember[] = [];
  #isPlanned = false;
  readonly #work = (): void => this.#workOff();

  /** What all runs of this turn begin with. */
  get root(): EventRun {
    return this.#root;
  }

  /** Whoever uses {@link root} has itself told of the end of the turn, once. */
  add(member: TurnMember): void {
    this.#arriving.push(member);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(this.#work);
  }

  #workOff(): void {
    let left = RESPONSES_PER_TURN;
    while (left > 0) {
      const member = this.#members[this.#at++];
      if (member !== undefined) left -= member.turnEnds();
      else if (!this.#takeArriving()) return;
    }
    setImmediate(this.#work);
  }

  /** False if nobody has arrived: all is done. */
  #takeArriving(): boolean {
    this.#root = EventRun.empty();
    this.#members = this.#arriving;
    this.#at = 0;
    this.#arriving = [];
    this.#isPlanned = this.#members.length > 0;
    return this.#isPlanned;
  }
}

export interface OutboxDependencies {
  readonly headers: ResponseHeaders;
  readonly turn: WatchTurn;
  /** Writes a message to the stream's client; false: it reads too slowly. */
  readonly write: (message: Message) => boolean;
}

/** What a watcher of the stream is to get. */
class Waiting {
  /** Field 2 of a WatchResponse, watch_id. */
  readonly idField: Buffer;
  readonly id: bigint;
  run: EventRun | undefined = undefined;
  revision = 0;
  fragment = false;
  /** Bytes of the events alone. */
  sizeBytes = 0;

  constructor(id: bigint) {
    this.id = id;
    this.idField = id === 0n ? NO_ID : encodeIdField(id);
  }
}

function encodeIdField(id: bigint): Buffer {
  const field = Buffer.allocUnsafe(1 + varint64Size(id));
  field[0] = 0x10;
  writeVarint64(field, 1, id);
  return field;
}

/** The events of one stream on their way to the client. */
export class WatchOutbox implements TurnMember {
  readonly #fragmentLimitBytes: number;
  readonly #dependencies: OutboxDependencies;
  readonly #watchers = new Map<bigint, Waiting>();
  /** Those with events, in the order in which they got the first of them. */
  #filled: Waiting[] = [];
  #waitingBytes = 0;
  #isInTurn = false;
  #isFull = false;

  constructor(options: { readonly fragmentLimitBytes: number }, dependencies: OutboxDependencies) {
    this.#fragmentLimitBytes = options.fragmentLimitBytes;
    this.#dependencies = dependencies;
  }

  /** Takes events of a watcher; false as in WatchSink. */
  add(
    id: bigint,
    revision: number,
    events: readonly Buffer[],
    sizeBytes: number,
    fragment: boolean,
  ): boolean {
    if (this.#waitingBytes > 0 && this.#waitingBytes + sizeBytes > MAX_WAITING_BYTES) {
      this.deliver();
    }
    const waiting = this.#watchers.get(id) ?? this.#newWatcher(id);
    let { run } = waiting;
    if (run === undefined) {
      run = this.#dependencies.turn.root;
      this.#filled.push(waiting);
    }
    for (const event of events) run = run.append(event);
    waiting.run = run;
    waiting.revision = revision;
    waiting.fragment = fragment;
    waiting.sizeBytes += sizeBytes;
    this.#waitingBytes += sizeBytes;
    if (!this.#isInTurn) {
      this.#isInTurn = true;
      this.#dependencies.turn.add(this);
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.deliver();
    return !this.#isFull;
  }

  /** The watcher is no more; what it has not got it will not get. */
  forget(id: bigint): void {
    const waiting = this.#watchers.get(id);
    if (waiting === undefined) return;
    this.#watchers.delete(id);
    waiting.run = undefined;
  }

  /** The client has read: there is room again. */
  drained(): void {
    this.#isFull = false;
  }

  turnEnds(): number {
    this.#isInTurn = false;
    return this.deliver();
  }

  /** Sends what waits; afterwards anything else may be sent. Returns how many watchers it was for. */
  deliver(): number {
    const filled = this.#filled;
    if (filled.length === 0) return 0;
    this.#filled = [];
    this.#waitingBytes = 0;
    for (const waiting of filled) {
      const { run } = waiting;
      if (run === undefined) continue;
      this.#send(waiting, run);
      waiting.run = undefined;
      waiting.sizeBytes = 0;
    }
    return filled.length;
  }

  #newWatcher(id: bigint): Waiting {
    const waiting = new Waiting(id);
    this.#watchers.set(id, waiting);
    return waiting;
  }

  #send(waiting: Waiting, run: EventRun): void {
    const { headers, write } = this.#dependencies;
    const { revision } = waiting;
    if (!waiting.fragment || waiting.sizeBytes < this.#fragmentLimitBytes) {
      const message = new WatchMessage(headers.field(revision), waiting.idField, run.block);
      if (!write(message)) this.#isFull = true;
      return;
    }
    for (const { events, isLast } of fragmentsOf(run.events, this.#fragmentLimitBytes)) {
      const piece = { watchId: waiting.id, revision, events, fragment: !isLast };
      if (!write(encodeWatchResponse(headers, piece))) this.#isFull = true;
    }
  }
}
