import type { Notice } from './errors.js';
import { FlagValueError, invalidConfig } from './errors.js';
import { FLAG_NAMES, FLAG_TABLE, type FlagName, type FlagValues, isFlagName } from './flags.js';
import { parseGoBoolean } from './go-text.js';
import { findLegacyFlag, type LegacyFlag } from './legacy-flags.js';

function defaults(): FlagValues {
  const entries = FLAG_NAMES.map((name) => [name, FLAG_TABLE[name].defaultValue]);
  return Object.fromEntries(entries) as FlagValues;
}

/** The values of all flags while they are being gathered, and which of them were given. */
export class FlagSet {
  /** Current values; complete after {@link settleLegacy}. */
  readonly values: FlagValues = defaults();
  /** Names as given, those of older releases included. */
  readonly given = new Set<string>();
  readonly #legacyTexts = new Map<string, string>();

  /** Whether a flag exists, and whether it stands alone as a boolean; undefined if unknown. */
  lookup(name: string): { isBoolean: boolean } | undefined {
    if (isFlagName(name)) return FLAG_TABLE[name];
    const legacy = findLegacyFlag(name);
    if (legacy === undefined) return undefined;
    if (legacy.kind === 'renamed') return FLAG_TABLE[legacy.target];
    return legacy.kind === 'removed' ? legacy.flag : { isBoolean: true };
  }

  /**
   * Gives flag `name` the value `text`.
   * @throws FlagValueError
   */
  set(name: string, text: string): void {
    if (isFlagName(name)) {
      this.#assign(name, text);
    } else {
      checkLegacy(name, text);
      this.#legacyTexts.set(name, text);
    }
    this.given.add(name);
  }

  /** Sets a value that was read from a file. */
  setValue<Name extends FlagName>(name: Name, value: FlagValues[Name]): void {
    this.values[name] = value;
    this.given.add(name);
  }

  /**
   * Carries values of older names over to today's flags, where those were not given themselves,
   * and tells about it.
   * @throws StartError for a removed feature that was asked for
   */
  settleLegacy(): Notice[] {
    const notices: Notice[] = [];
    for (const [name, text] of this.#legacyTexts) {
      const legacy = findLegacyFlag(name) as LegacyFlag;
      if (legacy.kind === 'ignored') continue;
      notices.push(deprecation(name, legacy));
      if (legacy.kind === 'renamed' && !this.given.has(legacy.target)) {
        this.#assign(legacy.target, text);
        this.given.add(legacy.target);
      } else if (legacy.kind === 'gate') {
        const gates = this.values['feature-gates'];
        const value = parseGoBoolean(text) === true;
        this.values['feature-gates'] = { [legacy.gate]: value, ...gates };
        this.given.add('feature-gates');
      }
    }
    return notices;
  }

  #assign<Name extends FlagName>(name: Name, text: string): void {
    this.values[name] = FLAG_TABLE[name].parse(text, this.values[name]);
  }
}

function checkLegacy(name: string, text: string): void {
  const legacy = findLegacyFlag(name);
  if (legacy?.kind === 'renamed') parseOnly(legacy.target, text);
  if (legacy?.kind === 'gate' && parseGoBoolean(text) === undefined) {
    throw new FlagValueError('parse error');
  }
  if (legacy?.kind === 'removed') {
    const value: unknown = legacy.flag.parse(text, legacy.flag.defaultValue as never);
    if (legacy.mustStay !== undefined && value !== legacy.mustStay) {
      throw invalidConfig(`--${name} is no longer supported`);
    }
  }
}

function parseOnly<Name extends FlagName>(name: Name, text: string): void {
  FLAG_TABLE[name].parse(text, FLAG_TABLE[name].defaultValue);
}

function deprecation(name: string, legacy: LegacyFlag): Notice {
  const fields: Record<string, unknown> = { flag: name };
  if (legacy.kind === 'renamed') fields.use = legacy.target;
  if (legacy.kind === 'gate') fields.use = `feature-gates=${legacy.gate}`;
  const message =
    legacy.kind === 'removed' ? 'flag belongs to a removed feature' : 'flag name is deprecated';
  return { level: 'warn', message, fields };
}
