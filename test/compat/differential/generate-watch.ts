import { type Draw, drawRange, drawRevision, maybe } from './draw.js';
import type { Step } from './program.js';
import type { Plain, PlainValue } from './schema.js';

const STREAMS = ['s', 't'] as const;
const WATCH_IDS = [1, 2, 3, 7, -9, '9223372036854775807'] as const;
const yes = (): boolean => true;

/** A step with watches. Id -1 is never asked for, since answers to failed creates carry it. */
export function drawWatchStep(draw: Draw): Step {
  const stream = draw.pick(STREAMS);
  switch (draw.weighted({ create: 60, cancel: 18, progress: 8, other: 6, end: 3, bytes: 2 })) {
    case 'create':
      return { do: 'watch', stream, request: drawCreate(draw) };
    case 'cancel':
      return {
        do: 'cancelWatch',
        stream,
        id: draw.chance(70) ? draw.below(3) : draw.pick(WATCH_IDS),
      };
    case 'progress':
      return { do: 'progress', stream };
    case 'other':
      return { do: 'watchRequest', stream, request: {} };
    case 'end':
      return { do: 'halfClose', stream };
    default:
      return { do: 'watchBytes', stream, bytes: '\x0a\x05\x0a\x03a' };
  }
}

function drawCreate(draw: Draw): Plain {
  const startRevision = (): PlainValue => {
    if (!draw.capabilities.keepsDeletionsAtCompaction) return { $retained: -draw.below(10) };
    return draw.chance(95) ? drawRevision(draw) : { $revision: 1 + draw.below(4) };
  };
  const range = drawRange(draw);
  if (draw.chance(4)) delete range.key;
  return {
    ...range,
    ...maybe(draw, {
      start_revision: [45, startRevision],
      progress_notify: [10, yes],
      filters: [20, () => draw.list(1 + draw.below(2), () => draw.pick([0, 1, 0, 1, 5]))],
      prev_kv: [50, yes],
      watch_id: [20, () => draw.pick(WATCH_IDS)],
      fragment: [15, yes],
    }),
  };
}

/** Watches over values so large that their events come in several messages, or in one huge one. */
export function drawFragmentSteps(draw: Draw): Step[] {
  const put = (key: string): Step => ({
    do: 'call',
    method: 'Put',
    request: { key, value: { $repeat: ['f', 600_000 + draw.below(300_000)] } },
  });
  const watch = (fragment: boolean): Step => ({
    do: 'watch',
    stream: 's',
    request: {
      key: 'big',
      range_end: 'bih',
      start_revision: { $revision: -3 },
      fragment,
      prev_kv: true,
    },
  });
  return [put('big1'), put('big2'), put('big3'), put('big1'), watch(true), watch(false)];
}
