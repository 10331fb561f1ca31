import { FlagValueError } from './errors.js';
import { goQuote, parseGoBoolean } from './go-text.js';

/** The server features that can be switched, with maturity and default of etcd 3.7. */
const GATES = {
  CompactHashCheck: { stage: 'ALPHA', enabled: false },
  FastLeaseKeepAlive: { stage: 'BETA', enabled: true },
  InitialCorruptCheck: { stage: 'ALPHA', enabled: false },
  LeaseCheckpoint: { stage: 'ALPHA', enabled: false },
  LeaseCheckpointPersist: { stage: 'ALPHA', enabled: false },
  PriorityRequest: { stage: 'ALPHA', enabled: false },
  SetMemberLocalAddr: { stage: 'ALPHA', enabled: false },
  StopGRPCServiceOnDefrag: { stage: 'ALPHA', enabled: false },
  TxnModeWriteWithSharedBuffer: { stage: 'BETA', enabled: true },
} as const;

export type FeatureGate = keyof typeof GATES;

/** Those that have nothing behind them yet. */
const WITHOUT_EFFECT: readonly FeatureGate[] = [
  'PriorityRequest',
  'SetMemberLocalAddr',
  'StopGRPCServiceOnDefrag',
];

export const FEATURE_GATES = Object.keys(GATES) as FeatureGate[];

/** Gates that were set, by name; `AllAlpha` and `AllBeta` move those of a stage that were not. */
export type GateSettings = Readonly<Record<string, boolean>>;

function isKnown(name: string): boolean {
  return name === 'AllAlpha' || name === 'AllBeta' || name in GATES;
}

/**
 * Reads `A=true,B=false` and adds it to `previous`.
 * @throws FlagValueError with etcd's reason
 */
export function parseGates(list: string, previous: GateSettings): GateSettings {
  const settings: Record<string, boolean> = { ...previous };
  for (const item of list.split(',')) {
    if (item === '') continue;
    const equals = item.indexOf('=');
    const name = (equals < 0 ? item : item.slice(0, equals)).trim();
    if (equals < 0) throw new FlagValueError(`missing bool value for ${name}`);
    const text = item.slice(equals + 1).trim();
    const value = parseGoBoolean(text);
    if (value === undefined) {
      const cause = `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`;
      throw new FlagValueError(`invalid value of ${name}=${text}, err: ${cause}`);
    }
    if (!isKnown(name)) throw new FlagValueError(`unrecognized feature gate: ${name}`);
    settings[name] = value;
  }
  return settings;
}

/** Every gate's effective state. */
export function resolveGates(settings: GateSettings): Readonly<Record<FeatureGate, boolean>> {
  const resolve = (name: FeatureGate): boolean => {
    const { stage, enabled } = GATES[name];
    const ofStage = settings[stage === 'ALPHA' ? 'AllAlpha' : 'AllBeta'];
    return settings[name] ?? ofStage ?? enabled;
  };
  return {
    CompactHashCheck: resolve('CompactHashCheck'),
    FastLeaseKeepAlive: resolve('FastLeaseKeepAlive'),
    InitialCorruptCheck: resolve('InitialCorruptCheck'),
    LeaseCheckpoint: resolve('LeaseCheckpoint'),
    LeaseCheckpointPersist: resolve('LeaseCheckpointPersist'),
    PriorityRequest: resolve('PriorityRequest'),
    SetMemberLocalAddr: resolve('SetMemberLocalAddr'),
    StopGRPCServiceOnDefrag: resolve('StopGRPCServiceOnDefrag'),
    TxnModeWriteWithSharedBuffer: resolve('TxnModeWriteWithSharedBuffer'),
  };
}

/** The gates among those that are moved off their default that have nothing behind them yet. */
export function gatesWithoutEffect(settings: GateSettings): FeatureGate[] {
  const resolved = resolveGates(settings);
  return WITHOUT_EFFECT.filter((name) => resolved[name] !== GATES[name].enabled);
}

/** Help lines: one gate each, with stage and default. */
export function describeGates(): string[] {
  return FEATURE_GATES.map((name) => {
    const { stage, enabled } = GATES[name];
    return `${name}=true|false (${stage} - default=${enabled})`;
  });
}

/** All gates with their stage, and the two that switch a whole stage. */
export function describeFeatures(
  gates: Readonly<Record<FeatureGate, boolean>>,
): { readonly name: string; readonly stage: string; readonly isEnabled: boolean }[] {
  const features = FEATURE_GATES.map((name) => ({
    name: name as string,
    stage: GATES[name].stage as string,
    isEnabled: gates[name],
  }));
  const ofStage = (name: string, stage: string) => ({
    name,
    stage,
    isEnabled: false,
  });
  return [ofStage('AllAlpha', 'ALPHA'), ofStage('AllBeta', 'BETA'), ...features];
}
