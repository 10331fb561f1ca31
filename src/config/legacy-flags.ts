import type { FeatureGate } from './feature-gates.js';
import { choice, duration, type Flag, text, toggle, unsigned } from './flag-kinds.js';
import type { FlagName } from './flags.js';

/**
 * Flags of older releases (clients-and-behaviour.md §C, "History"), so that their manifests keep
 * working:
 * - `ignored`: takes anything, does nothing, says nothing (older than 3.5);
 * - `renamed`: an `experimental-` name of a flag that is settled now;
 * - `gate`: a boolean that has become a feature gate;
 * - `removed`: gone with the feature it belonged to; refused where it would change what is served.
 */
export type LegacyFlag =
  | { readonly kind: 'ignored' }
  | { readonly kind: 'renamed'; readonly target: FlagName }
  | { readonly kind: 'gate'; readonly gate: FeatureGate }
  | { readonly kind: 'removed'; readonly flag: Removed; readonly mustStay?: unknown };

type Removed = Flag<string> | Flag<boolean> | Flag<number>;

const ignored: LegacyFlag = { kind: 'ignored' };
const renamed = (target: FlagName): LegacyFlag => ({ kind: 'renamed', target });
const gate = (name: FeatureGate): LegacyFlag => ({ kind: 'gate', gate: name });
const removed = (flag: Removed): LegacyFlag => ({ kind: 'removed', flag });
/** Any value but the default would mean a way to start that does not exist any more. */
const refused = (flag: Removed): LegacyFlag => ({
  kind: 'removed',
  flag,
  mustStay: flag.defaultValue,
});

const GONE = 'of a removed feature';

const LEGACY: Readonly<Record<string, LegacyFlag>> = {
  'cluster-active-size': ignored,
  'cluster-remove-delay': ignored,
  'cluster-sync-interval': ignored,
  config: ignored,
  force: ignored,
  'max-result-buffer': ignored,
  'max-retry-attempts': ignored,
  'peer-heartbeat-interval': ignored,
  'peer-election-timeout': ignored,
  'retry-interval': ignored,
  snapshot: ignored,
  v: ignored,
  vv: ignored,
  'test.coverprofile': ignored,
  'test.outputdir': ignored,

  'log-output': renamed('log-outputs'),
  'experimental-backend-bbolt-freelist-type': renamed('backend-bbolt-freelist-type'),
  'experimental-bootstrap-defrag-threshold-megabytes': renamed(
    'bootstrap-defrag-threshold-megabytes',
  ),
  'experimental-compact-hash-check-time': renamed('compact-hash-check-time'),
  'experimental-compaction-batch-limit': renamed('compaction-batch-limit'),
  'experimental-compaction-sleep-interval': renamed('compaction-sleep-interval'),
  'experimental-corrupt-check-time': renamed('corrupt-check-time'),
  'experimental-distributed-tracing-address': renamed('distributed-tracing-address'),
  'experimental-distributed-tracing-instance-id': renamed('distributed-tracing-instance-id'),
  'experimental-distributed-tracing-sampling-rate': renamed('distributed-tracing-sampling-rate'),
  'experimental-distributed-tracing-service-name': renamed('distributed-tracing-service-name'),
  'experimental-downgrade-check-time': renamed('downgrade-check-time'),
  'experimental-enable-distributed-tracing': renamed('enable-distributed-tracing'),
  'experimental-max-learners': renamed('max-learners'),
  'experimental-memory-mlock': renamed('memory-mlock'),
  'experimental-peer-skip-client-san-verification': renamed('peer-skip-client-san-verification'),
  'experimental-snapshot-catchup-entries': renamed('snapshot-catchup-entries'),
  'experimental-warning-apply-duration': renamed('warning-apply-duration'),
  'experimental-warning-unary-request-duration': renamed('warning-unary-request-duration'),
  'experimental-watch-progress-notify-interval': renamed('watch-progress-notify-interval'),

  'experimental-compact-hash-check-enabled': gate('CompactHashCheck'),
  'experimental-enable-lease-checkpoint': gate('LeaseCheckpoint'),
  'experimental-enable-lease-checkpoint-persist': gate('LeaseCheckpointPersist'),
  'experimental-initial-corrupt-check': gate('InitialCorruptCheck'),
  'experimental-set-member-localaddr': gate('SetMemberLocalAddr'),
  'experimental-stop-grpc-service-on-defrag': gate('StopGRPCServiceOnDefrag'),
  'experimental-txn-mode-write-with-shared-buffer': gate('TxnModeWriteWithSharedBuffer'),

  // Of 3.4: --log-level is there since.
  debug: removed(toggle(false, GONE)),
  'log-package-levels': removed(text('', GONE)),
  'enable-v2': removed(toggle(false, GONE)),
  'experimental-enable-v2v3': refused(text('', GONE)),
  'experimental-wait-cluster-ready-timeout': removed(duration('5s', GONE)),
  discovery: refused(text('', GONE)),
  'discovery-proxy': removed(text('', GONE)),
  proxy: refused(choice(['off', 'readonly', 'on'], GONE)),
  'proxy-dial-timeout': removed(unsigned(1000, GONE)),
  'proxy-failure-wait': removed(unsigned(5000, GONE)),
  'proxy-read-timeout': removed(unsigned(0, GONE)),
  'proxy-refresh-interval': removed(unsigned(30000, GONE)),
  'proxy-write-timeout': removed(unsigned(5000, GONE)),
};

export const LEGACY_NAMES: readonly string[] = Object.keys(LEGACY);

export function findLegacyFlag(name: string): LegacyFlag | undefined {
  return Object.hasOwn(LEGACY, name) ? LEGACY[name] : undefined;
}
