import type { Clock } from '../../base/clock.js';

/**
 * Something that a {@link TimerWheel} can call. The wheel's bookkeeping lives in the entry itself, so
 * that a timer per request allocates nothing. It begins with 0, {@link TIMER_IDLE}, null and null.
 */
export interface TimerEntry {
  timerTick: number;
  /** The slot that the entry is in; below 0: in none. */
  timerSlot: number;
  timerPrevious: TimerEntry | null;
  timerNext: TimerEntry | null;
  onTimer(): void;
}

/** The slot of an entry that is not scheduled. */
export const TIMER_IDLE = -1;
const EXPIRED = -2;
const SLOTS = 512;

/** An entry that calls a function. */
export class Timer implements TimerEntry {
  timerTick = 0;
  timerSlot = TIMER_IDLE;
  timerPrevious: TimerEntry | null = null;
  timerNext: TimerEntry | null = null;
  readonly #callback: () => void;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  onTimer(): void {
    this.#callback();
  }
}

/**
 * A hashed timer wheel (Varghese and Lauck, scheme 6): scheduling and cancelling cost O(1), and one
 * system timer serves all entries. Never early; late by less than one tick plus the loop's delay.
 * The system timer runs only while something is scheduled.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #clock: Clock;
  readonly #originMs: number;
  readonly #slots: (TimerEntry | null)[] = new Array<TimerEntry | null>(SLOTS).fill(null);
  #currentTick = 0;
  #count = 0;
  #stopTicking: (() => void) | undefined;

  constructor(options: { readonly tickMs: number }, dependencies: { readonly clock: Clock }) {
    this.#tickMs = options.tickMs;
    this.#clock = dependencies.clock;
    this.#originMs = this.#clock.nowMs();
  }

  /** Calls the entry once after `delayMs` (at most some 2^53); replaces what it was scheduled for. */
  schedule(entry: TimerEntry, delayMs: number): void {
    this.cancel(entry);
    const sinceOriginMs = this.#clock.nowMs() - this.#originMs;
    if (this.#count === 0) this.#start(sinceOriginMs);
    const tick = Math.ceil((sinceOriginMs + delayMs) / this.#tickMs);
    entry.timerTick = Math.max(tick, this.#currentTick + 1);
    const slot = entry.timerTick % SLOTS;
    const head = this.#slots[slot] ?? null;
    entry.timerSlot = slot;
    entry.timerPrevious = null;
    entry.timerNext = head;
    if (head !== null) head.timerPrevious = entry;
    this.#slots[slot] = entry;
    this.#count += 1;
  }

  /** Does nothing when the entry is not scheduled. */
  cancel(entry: TimerEntry): void {
    if (entry.timerSlot >= 0) this.#unlink(entry);
    entry.timerSlot = TIMER_IDLE;
    if (this.#count === 0) this.close();
  }

  /** Stops the system timer; what is scheduled will not be called. */
  close(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #start(sinceOriginMs: number): void {
    this.#currentTick = Math.floor(sinceOriginMs / this.#tickMs);
    this.#stopTicking ??= this.#clock.setInterval(() => this.#tick(), this.#tickMs);
  }

  #unlink(entry: TimerEntry): void {
    const { timerPrevious, timerNext } = entry;
    if (timerPrevious === null) this.#slots[entry.timerSlot] = timerNext;
    else timerPrevious.timerNext = timerNext;
    if (timerNext !== null) timerNext.timerPrevious = timerPrevious;
    entry.timerPrevious = null;
    entry.timerNext = null;
    this.#count -= 1;
  }

  #tick(): void {
    const target = Math.floor((this.#clock.nowMs() - this.#originMs) / this.#tickMs);
    const expired: TimerEntry[] = [];
    const lastSlotTick = Math.min(target, this.#currentTick + SLOTS);
    for (let tick = this.#currentTick + 1; tick <= lastSlotTick; tick++) {
      let entry = this.#slots[tick % SLOTS] ?? null;
      while (entry !== null) {
        const next: TimerEntry | null = entry.timerNext;
        if (entry.timerTick <= target) {
          this.#unlink(entry);
          entry.timerSlot = EXPIRED;
          expired.push(entry);
        }
        entry = next;
      }
    }
    this.#currentTick = Math.max(target, this.#currentTick);
    // An entry that was cancelled or scheduled anew by one called before it is no longer marked.
    for (const entry of expired) {
      if (entry.timerSlot !== EXPIRED) continue;
      entry.timerSlot = TIMER_IDLE;
      entry.onTimer();
    }
    if (this.#count === 0) this.close();
  }
}
