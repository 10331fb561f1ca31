/** Milliseconds of each unit of a grpc-timeout. */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);
/** Eight digits and the unit. */
const MAX_LENGTH = 9;

/**
 * Reads a `grpc-timeout` header: milliseconds, or the text by which Go's gRPC refuses it.
 * `quote` is Go's %q.
 */
export function parseTimeout(text: string, quote: (text: string) => string): number | string {
  if (text.length < 2) return `transport: timeout string is too short: ${quote(text)}`;
  if (text.length > MAX_LENGTH) return `transport: timeout string is too long: ${quote(text)}`;
  const unitMs = UNIT_MS.get(text.slice(-1));
  if (unitMs === undefined) return `transport: timeout unit is not recognized: ${quote(text)}`;
  const digits = text.slice(0, -1);
  if (!/^[0-9]+$/.test(digits)) {
    return `strconv.ParseUint: parsing ${quote(digits)}: invalid syntax`;
  }
  return Number(digits) * unitMs;
}
