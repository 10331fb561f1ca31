import type { HealthCounts } from '../health.js';
import type { CheckResults } from '../health-checks.js';
import { counter, counters, type Family, gauges } from './family.js';

/** How the probes were answered (E.4). */
export function healthFamilies(
  health: () => HealthCounts,
  checks: () => readonly CheckResults[],
): Family[] {
  return [
    counter(
      'etcd_server_health_success',
      'Times that /health was answered well.',
      () => health().succeeded,
    ),
    counter(
      'etcd_server_health_failures',
      'Times that /health was answered badly.',
      () => health().failed,
    ),
    gauges('etcd_server_healthcheck', 'The last result of each check: 1 is well.', () =>
      checks().flatMap(({ type, name, isWell }) =>
        isWell === undefined ? [] : [{ labels: { type, name }, value: Number(isWell) }],
      ),
    ),
    counters('etcd_server_healthchecks_total', 'How often each check came out how.', () =>
      checks().flatMap(({ type, name, succeeded, failed }) => [
        ...(succeeded > 0 ? [sample(type, name, 'success', succeeded)] : []),
        ...(failed > 0 ? [sample(type, name, 'error', failed)] : []),
      ]),
    ),
  ];
}

const sample = (type: string, name: string, status: string, value: number) => ({
  labels: { type, name, status },
  value,
});
