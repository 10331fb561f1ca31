/** Whether the cluster is going down to an older version, and to which. */
export interface DowngradeInfo {
  readonly enabled: boolean;
  /** `3.6.0`; empty if the cluster does not go down. */
  readonly targetVersion: string;
}

const NONE: DowngradeInfo = { enabled: false, targetVersion: '' };

/** Where it is persisted: the `cluster` bucket. */
export interface DowngradeRecords {
  /** Under the key `downgrade`. */
  putDowngrade(value: Buffer): void;
}

/** The key in the `cluster` bucket (formats.md §4). */
export const DOWNGRADE_KEY = Buffer.from('downgrade');

/** The cluster's downgrade job: replicated state, changed only by applying entries. */
export class DowngradeState {
  readonly #records: DowngradeRecords;
  #info: DowngradeInfo = NONE;

  constructor(records: DowngradeRecords) {
    this.#records = records;
  }

  get info(): DowngradeInfo {
    return this.#info;
  }

  /** Takes over what is persisted, undefined if nothing is. Throws SyntaxError. */
  restore(value: Uint8Array | undefined): void {
    this.#info = value === undefined ? NONE : decodeDowngradeInfo(value);
  }

  /** Carries out a DowngradeInfoSet request; part of applying an entry. */
  set(enabled: boolean, targetVersion: string): void {
    this.#info = enabled ? { enabled, targetVersion } : NONE;
    this.#records.putDowngrade(encodeDowngradeInfo(this.#info));
  }
}

/** As Go writes it; versions have nothing that would have to be escaped. */
function encodeDowngradeInfo({ enabled, targetVersion }: DowngradeInfo): Buffer {
  return Buffer.from(JSON.stringify({ 'target-version': targetVersion, enabled }));
}

function decodeDowngradeInfo(value: Uint8Array): DowngradeInfo {
  const parsed: unknown = JSON.parse(Buffer.from(value).toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null) throw new SyntaxError('no downgrade info');
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const target = fields.get('target-version');
  return {
    enabled: fields.get('enabled') === true,
    targetVersion: typeof target === 'string' ? target : '',
  };
}
