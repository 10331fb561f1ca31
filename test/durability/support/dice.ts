import { seededRandom } from '../../../src/base/random.js';

/** Random choices of a test; a seed makes the same ones again. */
export class Dice {
  private readonly random: ReturnType<typeof seededRandom>;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    // Neighbouring seeds begin alike; a few values on they do not.
    for (let discarded = 0; discarded < 8; discarded++) this.random.below(2);
  }

  /** A uniform integer in [0, bound). */
  below(bound: number): number {
    return this.random.below(bound);
  }

  /** A uniform integer in [from, to]. */
  between(from: number, to: number): number {
    return from + this.random.below(to - from + 1);
  }

  /** True in `percent` of all cases. */
  chance(percent: number): boolean {
    return this.random.below(1000) < percent * 10;
  }

  /** One of the choices; undefined if there are none. */
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.random.below(Math.max(1, choices.length))];
  }

  /** A name of the table, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let rest = this.random.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    throw new Error('no weights');
  }

  /** `count` different integers below `bound`, in no order. */
  distinct(count: number, bound: number): number[] {
    const chosen = new Set<number>();
    while (chosen.size < Math.min(count, bound)) chosen.add(this.random.below(bound));
    return [...chosen];
  }

  bytes(sizeBytes: number): Buffer {
    return this.random.bytes(sizeBytes);
  }
}
