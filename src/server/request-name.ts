import { RequestKind } from '../proto/internal-request.js';

const NAMES = new Map<number, string>(
  Object.entries(RequestKind).map(([name, kind]) => [
    kind,
    `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  ]),
);

/** A kind of request as metrics and the log name it: `Put`, `LeaseGrant`. */
export function requestName(kind: RequestKind): string {
  return NAMES.get(kind) ?? String(kind);
}
