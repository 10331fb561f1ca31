import { readdirSync, readFileSync } from 'node:fs';
import { CLIENT_PREFACE } from '../../../../src/transport/http2/protocol.js';
import { testDataPath } from '../../../support/repository.js';
import { frame, uint32 } from '../raw-client.js';
import type { Dice } from './dice.js';
import { interleaved, randomFrames } from './random-frames.js';

/* What real clients have sent, changed frame by frame. */

/** The frames of each recorded session, without its preface. */
export function readSessions(): [Buffer[], ...Buffer[][]] {
  const folder = testDataPath('http2-sessions');
  const [first, ...others] = readdirSync(folder)
    .filter((name) => name.endsWith('.bin'))
    .sort()
    .map((name) => framesOf(readFileSync(`${folder}/${name}`)));
  if (first === undefined) throw new Error(`no sessions in ${folder}`);
  return [first, ...others];
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = CLIENT_PREFACE.length; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

/** A session as it was, or with some of its frames changed, or with another one mixed in. */
export function changedSession(dice: Dice, sessions: readonly [Buffer[], ...Buffer[][]]): Buffer[] {
  let frames = [...dice.pick(sessions)];
  if (dice.once(4)) frames = interleaved(dice, frames);
  if (dice.once(5)) frames = spliced(dice, frames, dice.pick(sessions));
  if (dice.once(8)) frames = spliced(dice, frames, randomFrames(dice));
  const changes = dice.pick([0, 1, 1, 2, 5]);
  for (let change = 0; change < changes; change++) changeOne(dice, frames);
  return frames;
}

/** Another session's frames in the midst of this one's, with stream ids of their own. */
function spliced(dice: Dice, frames: readonly Buffer[], others: readonly Buffer[]): Buffer[] {
  const highest = Math.max(0, ...frames.map((one) => one.readUInt32BE(5)));
  const shift = highest + (highest & 1);
  const moved = others.map((one) => {
    const id = one.readUInt32BE(5);
    return id === 0 ? one : withBytes(one, 5, uint32((id + shift) & 0x7fffffff));
  });
  const at = dice.below(frames.length + 1);
  return [...frames.slice(0, at), ...moved, ...frames.slice(at)];
}

function changeOne(dice: Dice, frames: Buffer[]): void {
  const at = dice.below(frames.length);
  const one = frames[at];
  if (one === undefined) return;
  const id = one.readUInt32BE(5);
  const payload = one.subarray(9);
  switch (dice.below(11)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1:
      frames.splice(at, 0, one);
      break;
    case 2:
      frames.splice(dice.below(frames.length), 0, ...frames.splice(at, 1));
      break;
    case 3:
      frames[at] = withBytes(one, 3, Buffer.of(dice.below(12)));
      break;
    case 4:
      frames[at] = withBytes(one, 4, Buffer.of((one[4] ?? 0) ^ (1 << dice.below(8))));
      break;
    case 5:
      frames[at] = withBytes(one, 5, uint32(dice.pick([0, 1, id + 1, id + 2, 2 ** 31 - 1])));
      break;
    case 6:
      // A length that is not that of the payload shifts all that follows.
      frames[at] = withBytes(one, 2, Buffer.of(dice.below(256)));
      break;
    case 7:
      frames[at] = frame(
        one[3] ?? 0,
        one[4] ?? 0,
        id,
        payload.subarray(0, dice.below(payload.length + 1)),
      );
      break;
    case 8:
      frames[at] = frame(one[3] ?? 0, one[4] ?? 0, id, Buffer.concat([payload, dice.bytes(20)]));
      break;
    case 9:
      frames[at] = frame(one[3] ?? 0, one[4] ?? 0, id, flipped(dice, payload));
      break;
    default:
      for (let copies = dice.below(50); copies > 0; copies--) frames.splice(at, 0, one);
  }
}

function withBytes(one: Buffer, at: number, bytes: Buffer): Buffer {
  const changed = Buffer.from(one);
  bytes.copy(changed, at);
  return changed;
}

function flipped(dice: Dice, payload: Buffer): Buffer {
  const changed = Buffer.from(payload);
  if (changed.length === 0) return changed;
  for (let count = 1 + dice.below(4); count > 0; count--) {
    const at = dice.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
  }
  return changed;
}
