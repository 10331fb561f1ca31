import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDurationNanoseconds } from '../../src/config/duration.js';
import {
  goQuote,
  INT64,
  parseGoBoolean,
  parseGoInteger,
  UINT64,
} from '../../src/config/go-text.js';

test('text is quoted as %q does it', () => {
  assert.equal(goQuote('a "b" \\ c'), '"a \\"b\\" \\\\ c"');
  assert.equal(goQuote('tab\tnewline\nbell\x07'), '"tab\\tnewline\\nbell\\a"');
  assert.equal(goQuote('\x00\x1b\x7f'), '"\\x00\\x1b\\x7f"');
  assert.equal(goQuote('é 漢 \u200b'), '"é 漢 \\u200b"');
});

test('booleans have the spellings of ParseBool', () => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True'])
    assert.equal(parseGoBoolean(text), true);
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) {
    assert.equal(parseGoBoolean(text), false);
  }
  for (const text of ['', 'yes', 'tRUE', ' true']) assert.equal(parseGoBoolean(text), undefined);
});

test('integers are read in base 0', () => {
  const cases: readonly [string, bigint][] = [
    ['0', 0n],
    ['-0', 0n],
    ['+7', 7n],
    ['010', 8n],
    ['0o10', 8n],
    ['0x_1F', 31n],
    ['0b101', 5n],
    ['1_000', 1000n],
    ['-9223372036854775808', -(2n ** 63n)],
  ];
  for (const [text, value] of cases) assert.equal(parseGoInteger(text, INT64), value, text);
  for (const text of ['', '-', '1_', '_1', '1__0', '08', '0x', '1.5', ' 1', '1e3', 'abc']) {
    assert.throws(() => parseGoInteger(text, INT64), { message: 'parse error' }, text);
  }
  assert.throws(() => parseGoInteger('-1', UINT64), { message: 'parse error' });
  assert.throws(() => parseGoInteger('9223372036854775808', INT64), {
    message: 'value out of range',
  });
});

test('every 64-bit integer is read back', () => {
  fc.assert(
    fc.property(fc.bigInt(INT64.minimum, INT64.maximum), (value) => {
      assert.equal(parseGoInteger(String(value), INT64), value);
    }),
  );
});

test('durations are read as ParseDuration does it', () => {
  const cases: readonly [string, bigint][] = [
    ['0', 0n],
    ['5s', 5_000_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['1.5s', 1_500_000_000n],
    ['.5s', 500_000_000n],
    ['1.s', 1_000_000_000n],
    ['1\u00b5s', 1000n],
    ['1\u03bcs', 1000n],
    ['1us', 1000n],
    ['-2ms', -2_000_000n],
    ['1h0m0s', 3_600_000_000_000n],
  ];
  for (const [text, value] of cases) assert.equal(parseDurationNanoseconds(text), value, text);
  const failures: readonly [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['x', 'time: invalid duration "x"'],
    ['1', 'time: missing unit in duration "1"'],
    ['1q', 'time: unknown unit "q" in duration "1q"'],
    ['.s', 'time: invalid duration ".s"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
  ];
  for (const [text, message] of failures) {
    assert.throws(() => parseDurationNanoseconds(text), { message }, text);
  }
});

test('durations are printed as Go prints them, and read back', () => {
  assert.equal(formatDuration(0), '0s');
  assert.equal(formatDuration(0.001), '1\u00b5s');
  assert.equal(formatDuration(0.0015), '1.5\u00b5s');
  assert.equal(formatDuration(1.5), '1.5ms');
  assert.equal(formatDuration(1500), '1.5s');
  assert.equal(formatDuration(3_600_000), '1h0m0s');
  assert.equal(formatDuration(61_000), '1m1s');
  assert.equal(formatDuration(-100), '-100ms');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 15 }), (nanoseconds) => {
      const text = formatDuration(nanoseconds / 1e6);
      assert.equal(parseDurationNanoseconds(text), BigInt(nanoseconds));
    }),
  );
});
