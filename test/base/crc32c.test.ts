import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../src/base/crc32c.js';

/** The definition, bit by bit. */
function crc32cBitwise(bytes: Uint8Array, crc: number): number {
  let state = ~crc >>> 0;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ 0x82f63b78 : state >>> 1;
  }
  return ~state >>> 0;
}

describe('crc32c', () => {
  it('has the check value of the algorithm', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
    assert.equal(crc32c(Buffer.alloc(0), 77), 77);
  });

  it('is what the definition says for any length, start and checksum so far', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.nat(20), fc.nat(20), fc.nat(), (all, before, after, crc) => {
        const end = Math.max(before, all.length - after);
        const part = all.subarray(before, end);
        assert.equal(crc32c(all, crc, before, before + part.length), crc32cBitwise(part, crc));
        assert.equal(crc32c(part, crc), crc32cBitwise(part, crc));
      }),
    );
  });

  it('goes on where an earlier part ended', () => {
    const bytes = Buffer.from(
      'some bytes, and some more of them behind a place to cut them'.repeat(5),
    );
    for (const cut of [0, 1, 15, 16, 64, 100, bytes.length]) {
      const first = crc32c(bytes.subarray(0, cut));
      assert.equal(crc32c(bytes.subarray(cut), first), crc32c(bytes));
    }
  });
});
