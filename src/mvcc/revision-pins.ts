/**
 * Revisions that sliced reads are at. A compaction beyond a pinned revision waits with removing
 * anything until the pin is gone; new reads below it are refused meanwhile, so pins are few and go soon.
 */
export class RevisionPins {
  private readonly pinned = new Set<{ readonly revision: number }>();
  private readonly onRelease: () => void;

  constructor(onRelease: () => void) {
    this.onRelease = onRelease;
  }

  /** Holds `revision`; the returned function lets it go (idempotent). */
  pin(revision: number): () => void {
    const pin = { revision };
    this.pinned.add(pin);
    return () => {
      if (this.pinned.delete(pin)) this.onRelease();
    };
  }

  /** Whether a read is at a revision below `revision`. */
  hasBelow(revision: number): boolean {
    for (const pin of this.pinned) if (pin.revision < revision) return true;
    return false;
  }
}
