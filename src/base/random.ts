import { randomBytes } from 'node:crypto';

/** Randomness as a dependency; a seeded one replays a run exactly. */
export interface Random {
  /** A uniform integer in [0, bound); `bound` is at most 2^32. */
  below(bound: number): number;
  /** `sizeBytes` random bytes. */
  bytes(sizeBytes: number): Buffer;
}

/** Randomness of the operating system. */
export const systemRandom: Random = {
  below: (bound) => Math.floor((randomBytes(6).readUIntBE(0, 6) / 2 ** 48) * bound),
  bytes: (sizeBytes) => randomBytes(sizeBytes),
};

/** A reproducible generator (mulberry32) for tests and the simulation. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const nextUint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (bound) => Math.floor((nextUint32() / 2 ** 32) * bound),
    bytes(sizeBytes) {
      const bytes = Buffer.alloc(sizeBytes);
      for (let offset = 0; offset < sizeBytes; offset++) bytes[offset] = nextUint32() & 0xff;
      return bytes;
    },
  };
}
