/** HashKV between members: JSON in Go's form, zero fields left out (formats.md §7.1). */

/** The hash of this member's data. */
export interface OwnHash {
  readonly hash: number;
  /** -1 = never compacted. */
  readonly compactRevision: number;
  readonly hashRevision: number;
  /** The revision this member is at. */
  readonly currentRevision: number;
}

/** The revision that is asked for, 0 = now; undefined if the body is no such request. */
export function parseHashRequest(body: Buffer): number | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (parsed === null) return 0;
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return undefined;
  let revision = 0;
  for (const [name, value] of Object.entries(parsed)) {
    if (name.toLowerCase() !== 'revision' || value === null) continue;
    if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
    const limit = Number.MAX_SAFE_INTEGER;
    revision = Math.max(-limit, Math.min(limit, value));
  }
  return revision;
}

export function hashAnswer(own: OwnHash): string {
  return JSON.stringify({
    header: { revision: orLeftOut(own.currentRevision) },
    hash: orLeftOut(own.hash),
    compact_revision: orLeftOut(own.compactRevision),
    hash_revision: orLeftOut(own.hashRevision),
  });
}

const orLeftOut = (value: number): number | undefined => (value === 0 ? undefined : value);
