import { goQuote } from './go-text.js';

const UNITS_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n, // micro sign
  '\u03bcs': 1_000n, // Greek letter mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const MAXIMUM_NANOSECONDS = 2n ** 63n - 1n;

/**
 * Parses a Go duration (`1h30m`, `1.5s`, `100ms`, `1µs`, `-2s`, `0`) into nanoseconds.
 * @throws RangeError with the text of Go's time.ParseDuration
 */
export function parseDurationNanoseconds(text: string): bigint {
  const invalid = () => new RangeError(`time: invalid duration ${goQuote(text)}`);
  const negative = text.startsWith('-');
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest) as RegExpExecArray;
    const [matched, whole = '', fraction = ''] = number;
    if (whole === '' && fraction === '') throw invalid();
    rest = rest.slice(matched.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') throw new RangeError(`time: missing unit in duration ${goQuote(text)}`);
    const scale = UNITS_NANOSECONDS[unit];
    if (scale === undefined) {
      throw new RangeError(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    }
    rest = rest.slice(unit.length);
    total += BigInt(whole || '0') * scale;
    // Beyond 18 digits a fraction cannot change the nanoseconds; the cut keeps the product small.
    const digits = fraction.slice(0, 18);
    if (digits !== '') total += (BigInt(digits) * scale) / 10n ** BigInt(digits.length);
    if (total > MAXIMUM_NANOSECONDS + (negative ? 1n : 0n)) throw invalid();
  }
  return negative ? -total : total;
}

/** Milliseconds as Go prints the duration: `0s`, `1µs`, `1.5s`, `1h0m0s`. */
export function formatDuration(durationMs: number): string {
  const nanoseconds = Math.round(Math.abs(durationMs) * 1e6);
  const sign = durationMs < 0 ? '-' : '';
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}\u00b5s`;
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`;
  const totalSeconds = Math.floor(nanoseconds / 1e9);
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor(totalSeconds / 60) % 60;
  const seconds = `${totalSeconds % 60}${fraction === '' ? '' : `.${fraction}`}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}
