/** Versions as members exchange them, `major.minor.patch` with optional suffixes (formats.md §7.2). */
export interface SemanticVersion {
  readonly major: number;
  readonly minor: number;
}

const FORM =
  /^(\d{1,9})\.(\d{1,9})\.\d{1,9}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?$/;

/** Undefined if `text` is no version; `3.7` is none. */
export function parseVersion(text: string): SemanticVersion | undefined {
  const match = FORM.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** Negative, zero or positive as `left` is lower than, the same as or higher than `right`. */
export function compareMinor(left: SemanticVersion, right: SemanticVersion): number {
  return left.major - right.major || left.minor - right.minor;
}
