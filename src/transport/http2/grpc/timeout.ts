/** Milliseconds of each unit of a grpc-timeout, by character code. */
const UNIT_MS: readonly number[] = unitTable([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);

function unitTable(units: readonly (readonly [unit: string, ms: number])[]): number[] {
  const table = new Array<number>(128).fill(0);
  for (const [unit, ms] of units) table[unit.charCodeAt(0)] = ms;
  return table;
}

/** Eight digits and the unit. */
const MAX_LENGTH = 9;

/**
 * Reads a `grpc-timeout` header: milliseconds, or the text by which Go's gRPC refuses it.
 * `quote` is Go's %q.
 */
export function parseTimeout(text: string, quote: (text: string) => string): number | string {
  const last = text.length - 1;
  if (last < 1) return `transport: timeout string is too short: ${quote(text)}`;
  if (last >= MAX_LENGTH) return `transport: timeout string is too long: ${quote(text)}`;
  const unitMs = UNIT_MS[text.charCodeAt(last)] ?? 0;
  if (unitMs === 0) return `transport: timeout unit is not recognized: ${quote(text)}`;
  let value = 0;
  for (let at = 0; at < last; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) {
      return `strconv.ParseUint: parsing ${quote(text.slice(0, last))}: invalid syntax`;
    }
    value = value * 10 + digit;
  }
  return value * unitMs;
}
