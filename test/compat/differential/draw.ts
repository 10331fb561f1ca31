import { seededRandom } from '../../../src/base/random.js';
import type { Capabilities } from './known-differences.js';
import type { Plain, PlainValue } from './schema.js';

/** The random choices of which programs are made; a seed makes the same ones again. */
export class Draw {
  /** What the servers can do: choices that one of them cannot take are not made. */
  readonly capabilities: Capabilities;
  private readonly random: ReturnType<typeof seededRandom>;

  constructor(seed: number, capabilities: Capabilities) {
    this.capabilities = capabilities;
    this.random = seededRandom(seed);
    // Neighbouring seeds begin alike; a few values on they do not.
    for (let discarded = 0; discarded < 8; discarded++) this.random.below(2);
  }

  below(bound: number): number {
    return this.random.below(bound);
  }

  /** True in `percent` of all cases. */
  chance(percent: number): boolean {
    return this.random.below(1000) < percent * 10;
  }

  pick<const Choices extends readonly [unknown, ...unknown[]]>(choices: Choices): Choices[number] {
    return choices[this.random.below(choices.length)];
  }

  /** Picks a key of the table with its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let rest = this.random.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    throw new Error('no weights');
  }

  /** `count` values made one after the other. */
  list<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index));
  }

  bytes(maximumLength: number): string {
    return this.random.bytes(this.random.below(maximumLength + 1)).toString('latin1');
  }
}

/**
 * So few that a store rarely holds more than twelve keys: up to there Go's sort is stable, above it the
 * order of keys with equal sort values is nobody's promise.
 */
const KEYS = ['a', 'b', 'c', 'aa', 'ab', 'b\0', '\0', '\xff', 'a\xff', 'k1'] as const;
const RANGE_ENDS = ['b', 'c', 'd', 'ab', 'b\0', 'b\x01', '\xff', 'l', '\0'] as const;

/** 64-bit values at which arithmetic goes wrong. */
export const EXTREMES = [
  -1,
  '9223372036854775807',
  '-9223372036854775808',
  '9007199254740992',
  '9007199254740993',
  4294967296,
  2147483648,
  2147483647,
] as const;

/** A key of the small common set; rarely any bytes. Never empty. */
export function drawKey(draw: Draw): string {
  if (draw.chance(1)) return `${draw.bytes(5)}x`;
  return draw.pick(KEYS);
}

/** `key` and perhaps `range_end`: single keys, ranges, from-key, everything, empty and reversed ranges. */
export function drawRange(draw: Draw): Plain {
  const key = drawKey(draw);
  switch (draw.weighted({ single: 35, range: 30, fromKey: 10, all: 15, prefix: 10 })) {
    case 'range':
      return { key, range_end: draw.pick(RANGE_ENDS) };
    case 'fromKey':
      return { key, range_end: '\0' };
    case 'all':
      return { key: '\0', range_end: '\0' };
    case 'prefix':
      return { key: 'a', range_end: 'b' };
    default:
      return { key };
  }
}

/** A revision around the current one, rarely an extreme. */
export function drawRevision(draw: Draw): PlainValue {
  if (draw.chance(6)) return draw.pick(EXTREMES);
  return { $revision: draw.pick([0, 0, -1, -1, -2, -3, -4, -6, -9, 1]) };
}

/** A value: mostly short, sometimes empty, rarely some hundred bytes. */
export function drawValue(draw: Draw): PlainValue {
  if (draw.chance(4)) return { $repeat: ['v', 100 + draw.below(900)] };
  return draw.pick(['', '1', '2', 'x', 'y', 'value']);
}

/** Sets each field in the given percentage of cases. */
export function maybe(
  draw: Draw,
  fields: Readonly<Record<string, [percent: number, make: () => PlainValue]>>,
): Plain {
  const plain: Plain = {};
  for (const [name, [percent, make]] of Object.entries(fields)) {
    if (draw.chance(percent)) plain[name] = make();
  }
  return plain;
}
