import type { Plain, PlainValue } from './schema.js';

/**
 * A program is a list of steps that two servers run side by side. It is JSON, so that a failing one
 * can be printed and run again. Requests may hold placeholders, which each side fills in for itself:
 *
 * - `{ "$revision": -2 }` the revision that the store had last shown, plus a number
 * - `{ "$retained": -2 }` the same, but above the compacted revision
 * - `{ "$lease": "a" }` the id the server chose for the lease granted with `bind: "a"`
 * - `{ "$repeat": ["x", 1000] }` a long string
 * - `{ "$member": true }` the id of the member, `{ "$peerUrl": true }` its peer URL
 */
export interface Program {
  seed: number;
  /** What kind of program the generator made. */
  theme: string;
  /** Whether watches are brought to rest after every step: then even the grouping of events counts. */
  lockstep: boolean;
  steps: Step[];
}

export type Step =
  /** A unary call; `extra` are bytes (as a string) behind the encoded request. */
  | { do: 'call'; method: string; request: Plain; bind?: string; extra?: string }
  /** A unary call with these bytes as request; `path` is the full method name. */
  | { do: 'bytes'; path: string; bytes: string }
  | { do: 'rangeStream'; request: Plain }
  /** Keep-alive requests, one after the other on one stream. */
  | { do: 'keepAlive'; ids: PlainValue[] }
  /** Creates a watch on a stream, which is opened if need be. */
  | { do: 'watch'; stream: string; request: Plain }
  | { do: 'cancelWatch'; stream: string; id: PlainValue }
  | { do: 'progress'; stream: string }
  /** Any WatchRequest that is not answered. */
  | { do: 'watchRequest'; stream: string; request: Plain }
  /** Bytes that are no WatchRequest: the stream ends. */
  | { do: 'watchBytes'; stream: string; bytes: string }
  | { do: 'halfClose'; stream: string };

/** What a step gave, in a form in which equal behaviour is equal JSON. */
export type StepResult = Plain;

/** A request with its placeholders filled in. */
export interface PlaceholderValues {
  revision: number;
  compactRevision: number;
  leases: ReadonlyMap<string, string>;
  memberId: string;
  peerUrl: string;
}

/** Fills in the placeholders of a request. */
export function resolvePlaceholders(value: PlainValue, values: PlaceholderValues): PlainValue {
  if (Array.isArray(value)) return value.map((item) => resolvePlaceholders(item, values));
  if (typeof value !== 'object') return value;
  if ('$revision' in value) return values.revision + Number(value.$revision);
  if ('$retained' in value) {
    return Math.max(values.compactRevision + 1, values.revision + Number(value.$retained));
  }
  if ('$lease' in value) return values.leases.get(String(value.$lease)) ?? 0;
  if ('$member' in value) return values.memberId;
  if ('$peerUrl' in value) return values.peerUrl;
  if (Array.isArray(value.$repeat)) {
    const [text, count] = value.$repeat;
    return String(text).repeat(Number(count));
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, resolvePlaceholders(item, values)]),
  );
}
