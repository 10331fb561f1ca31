import { encodeInteger } from '../../../../src/transport/http2/hpack/encoder.js';
import { Flag, FrameType } from '../../../../src/transport/http2/protocol.js';
import {
  block,
  frame,
  indexedLiteral,
  message,
  requestWith,
  setting,
  uint32,
} from '../raw-client.js';
import type { Dice } from './dice.js';

/* Frames made up from nothing, most of them nearly right. */

const PATHS = [
  'Echo',
  'Fail',
  'Late',
  'Large',
  'Length',
  'Header',
  'Chat',
  'Open',
  'Pour',
  'Refuse',
  'Throw',
  'ThrowAtOnce',
  'ThrowLater',
  'None',
] as const;
const BODIES = ['', '10', '100000', '5 text', '100 1000', '3 100000', 'throw'] as const;
const INCREMENTS = [0, 1, 1000, 100_000, 2 ** 31 - 1] as const;
const SETTING_VALUES = [
  0,
  1,
  10,
  100,
  4096,
  16_384,
  65_535,
  1_000_000,
  2 ** 31 - 1,
  2 ** 31,
] as const;

/** The frames of one client that makes them up. */
export function randomFrames(dice: Dice): Buffer[] {
  const streams = new Streams(dice);
  const frames: Buffer[] = [];
  const count = 1 + dice.below(40);
  for (let index = 0; index < count; index++) {
    if (dice.once(3)) frames.push(...streams.request());
    else frames.push(randomFrame(dice, streams.someId()));
  }
  return dice.once(3) ? interleaved(dice, frames) : frames;
}

/** A payload of SETTINGS. */
export function randomSettings(dice: Dice): Buffer {
  const list = Array.from({ length: dice.below(3) }, () =>
    setting(1 + dice.below(7), dice.pick(SETTING_VALUES)),
  );
  return Buffer.concat(list);
}

/** Requests whose header blocks use the dynamic table, and know what is in it. */
class Streams {
  readonly #dice: Dice;
  #nextId = 1;
  /** Entries that this client has put into the table. */
  #entries = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** An id that is open, was, or will be. */
  someId(): number {
    const kind = this.#dice.below(10);
    if (kind < 6) return Math.max(1, this.#nextId - 2 * this.#dice.below(4));
    if (kind < 8) this.#nextId += 2;
    return kind === 9 ? this.#dice.below(30) : this.#nextId;
  }

  /** A call as frames. */
  request(): Buffer[] {
    const dice = this.#dice;
    this.#nextId += dice.once(20) ? 2 * dice.below(50) : 2;
    const id = this.#nextId;
    const head = this.#block();
    const parts: Buffer[] = [];
    const end = dice.once(8) ? Flag.endStream : 0;
    const cut = dice.once(4) ? dice.below(head.length) : head.length;
    const isWhole = cut === head.length;
    const first = frame(
      FrameType.headers,
      end | (isWhole ? Flag.endHeaders : 0),
      id,
      head.subarray(0, cut),
    );
    // A block must not be torn apart: the rest goes with it.
    const rest = isWhole
      ? Buffer.alloc(0)
      : frame(FrameType.continuation, Flag.endHeaders, id, head.subarray(cut));
    parts.push(Buffer.concat([first, rest]));
    const data = message(dice.pick(BODIES), dice.once(20) ? 1 : 0);
    const split = dice.once(3) ? dice.below(data.length + 1) : data.length;
    if (split < data.length) parts.push(frame(FrameType.data, 0, id, data.subarray(0, split)));
    const last = split < data.length ? data.subarray(split) : data;
    parts.push(frame(FrameType.data, dice.once(3) ? 0 : Flag.endStream, id, last));
    if (dice.once(10)) parts.push(frame(FrameType.headers, 5, id, block([['x-trailer', 'y']])));
    return parts;
  }

  #block(): Buffer {
    const dice = this.#dice;
    const fields = requestWith({
      ':path': `/test.Echo/${dice.pick(PATHS)}`,
      'grpc-encoding': dice.pick([undefined, undefined, 'gzip', 'x']),
      'grpc-timeout': dice.pick([undefined, undefined, '1m', '30m', '1S']),
      'content-length': dice.pick([undefined, undefined, undefined, undefined, '8', '15']),
    });
    const parts = [block(fields)];
    if (dice.once(12)) {
      this.#entries = 0;
      parts.unshift(dice.once(2) ? Buffer.of(0x20) : encodeInteger(dice.below(4200), 5, 0x20));
    }
    while (dice.once(2)) {
      parts.push(indexedLiteral(`x-${dice.below(5)}`, 'v'.repeat(dice.pick([1, 10, 200, 3000]))));
      this.#entries += 1;
    }
    while (this.#entries > 0 && dice.once(2)) {
      // Now and then one that is not there any more, or never was.
      const back = dice.below(this.#entries + (dice.once(10) ? 3 : 0));
      parts.push(encodeInteger(62 + back, 7, 0x80));
    }
    return Buffer.concat(parts);
  }
}

function randomFrame(dice: Dice, id: number): Buffer {
  switch (dice.below(12)) {
    case 0:
      return frame(FrameType.rstStream, 0, id, uint32(dice.below(14)));
    case 1:
      return frame(FrameType.windowUpdate, 0, dice.pick([0, id]), uint32(dice.pick(INCREMENTS)));
    case 2:
      return frame(FrameType.settings, dice.once(8) ? Flag.ack : 0, 0, randomSettings(dice));
    case 3:
      return frame(FrameType.ping, dice.below(2), 0, Buffer.alloc(8, dice.below(256)));
    case 4:
      return frame(FrameType.priority, 0, id, Buffer.alloc(5));
    case 5:
      return frame(FrameType.data, dice.pick([0, 1, 8, 9]), id, dice.bytes(100));
    case 6:
      return frame(FrameType.headers, dice.pick([4, 5, 12, 36, 0]), id, dice.bytes(60));
    case 7:
      return frame(FrameType.data, 0, id, message(dice.bytes(2000)));
    case 8:
      return frame(FrameType.goAway, 0, 0, Buffer.alloc(8));
    case 9:
      return frame(FrameType.continuation, dice.pick([0, 4]), id, dice.bytes(20));
    case 10:
      return frame(dice.below(256), dice.below(256), dice.pick([0, id]), dice.bytes(300));
    default:
      return frame(FrameType.windowUpdate, 0, 0, uint32(100_000));
  }
}

/**
 * The same frames in another order, that of each stream being kept; header blocks keep theirs among
 * all streams, or the table would mean something else.
 */
export function interleaved(dice: Dice, frames: readonly Buffer[]): Buffer[] {
  const lanes = new Map<string, Buffer[]>();
  for (const one of frames) {
    const isHead = one[3] === FrameType.headers || one[3] === FrameType.continuation;
    const lane = isHead ? 'heads' : String(one.readUInt32BE(5));
    const list = lanes.get(lane) ?? [];
    list.push(one);
    lanes.set(lane, list);
  }
  const mixed: Buffer[] = [];
  const left = [...lanes.values()];
  while (left.length > 0) {
    // Heads come first half of the time, so that their streams mostly are open when DATA comes.
    const at = dice.once(2) ? 0 : dice.below(left.length);
    const next = left[at]?.shift();
    if (next !== undefined) mixed.push(next);
    if (left[at]?.length === 0) left.splice(at, 1);
  }
  return mixed;
}
