import type { Http2Limits } from './limits.js';
import { ConnectionError, ErrorCode } from './protocol.js';
import { RateLimit } from './rate-limit.js';
import type { Sender } from './sender.js';

/** Each frame sent entitles the client to this many frames that carry nothing (window updates). */
const EARNED_PER_FRAME_SENT = 4;

/** To change the windows of so many streams counts like another SETTINGS. */
const STREAMS_PER_SETTINGS = 2500;

/** Counts what a client may do only so often; past a limit the connection ends. */
export class FloodGuard {
  readonly #sender: Sender;
  readonly #nowMs: () => number;
  readonly #resets: RateLimit;
  readonly #idleFrames: RateLimit;
  readonly #settings: RateLimit;
  readonly #unpackedBytes: RateLimit;
  #creditedFrames = 0;

  constructor(limits: Http2Limits, sender: Sender, nowMs: () => number) {
    const now = nowMs();
    this.#sender = sender;
    this.#nowMs = nowMs;
    this.#resets = new RateLimit(limits.resetBurst, limits.resetsPerSecond, now);
    this.#idleFrames = new RateLimit(limits.idleFrameBurst, limits.idleFramesPerSecond, now);
    this.#unpackedBytes = new RateLimit(
      limits.unpackedBurstBytes,
      limits.unpackedBytesPerSecond,
      now,
    );
    this.#settings = new RateLimit(limits.settingsBurst, limits.settingsPerSecond, now);
  }

  /**
   * A stream that was reset before it was answered, by the client or for its fault: it made work
   * that nobody waits for (CVE-2023-44487, CVE-2025-8671).
   */
  countReset(): void {
    if (!this.#resets.take(this.#nowMs)) throw tooMuch('too many resets');
  }

  countSettings(): void {
    if (!this.#settings.take(this.#nowMs)) throw tooMuch('too many SETTINGS');
  }

  /** SETTINGS that have changed the windows of all streams: some bytes make much work. */
  countWindowChange(streams: number): void {
    this.#settings.spend(Math.floor(streams / STREAMS_PER_SETTINGS));
  }

  /** Whether compressed messages may still be unpacked: a kilobyte can make a megabyte of work. */
  get mayUnpack(): boolean {
    return this.#unpackedBytes.hasSome(this.#nowMs);
  }

  countUnpacked(bytes: number): void {
    this.#unpackedBytes.spend(bytes);
  }

  /** A frame that carries nothing; what was sent to the client meanwhile entitles it to some. */
  countIdleFrame(): void {
    const framesSent = this.#sender.framesSent;
    if (framesSent > this.#creditedFrames) {
      this.#idleFrames.earn((framesSent - this.#creditedFrames) * EARNED_PER_FRAME_SENT);
      this.#creditedFrames = framesSent;
    }
    if (!this.#idleFrames.take(this.#nowMs)) throw tooMuch('too many empty frames');
  }
}

/** The client makes more work than any client needs to. */
export function tooMuch(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, message);
}
