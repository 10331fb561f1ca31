import { SERVER_VERSION } from '../../base/version.js';
import { formatId } from '../../membership/index.js';
import { AlarmType, type KvorumServer, requestName } from '../../server/index.js';
import {
  counter,
  counters,
  type Family,
  gauge,
  gauges,
  type HistogramSample,
  histograms,
  info,
} from './family.js';

/** A switchable feature, as it stands. */
export interface FeatureState {
  readonly name: string;
  readonly stage: string;
  readonly isEnabled: boolean;
}

/** The member's place in the cluster, and what it does with requests (E.4). */
export function memberFamilies(server: KvorumServer, features: readonly FeatureState[]): Family[] {
  return [
    ...identity(server, features),
    ...leadership(server),
    ...proposals(server),
    ...latencies(server),
  ];
}

function identity(server: KvorumServer, features: readonly FeatureState[]): Family[] {
  const { cluster } = server;
  return [
    info('etcd_server_version', 'The version that runs, as label.', () => ({
      server_version: SERVER_VERSION,
    })),
    info('etcd_server_go_version', 'The runtime that the server runs on, as label.', () => ({
      server_go_version: `node ${process.version}`,
    })),
    info('etcd_server_id', 'The id of this member in hexadecimal, as label.', () => ({
      server_id: formatId(server.memberId),
    })),
    info('etcd_cluster_version', 'The version the cluster has agreed on, as label.', () => {
      const version = cluster.version?.split('.').slice(0, 2).join('.');
      return version === undefined ? undefined : { cluster_version: version };
    }),
    gauges('etcd_server_feature_enabled', 'Features that can be switched: 1 is on.', () =>
      features.map(({ name, stage, isEnabled }) => ({
        labels: { name, stage },
        value: Number(isEnabled),
      })),
    ),
    gauge('etcd_server_quota_backend_bytes', 'The size limit of the store.', () => {
      const { limitBytes } = server.quota;
      return Number.isFinite(limitBytes) ? limitBytes : 0;
    }),
    gauges('etcd_debugging_server_alarms', 'Alarms that are raised: 1 each.', () =>
      server.alarms.list(AlarmType.none).map(({ memberId, type }) => ({
        labels: { server_id: formatId(memberId), alarm_type: alarmName(type) },
        value: 1,
      })),
    ),
  ];
}

function alarmName(type: number): string {
  if (type === AlarmType.noSpace) return 'NOSPACE';
  return type === AlarmType.corrupt ? 'CORRUPT' : String(type);
}

function leadership(server: KvorumServer): Family[] {
  const { metrics } = server;
  return [
    gauge('etcd_server_has_leader', '1 while this member knows a leader.', () =>
      Number(server.leaderId !== 0n),
    ),
    gauge('etcd_server_is_leader', '1 while this member leads.', () => Number(server.isLeader)),
    gauge('etcd_server_is_learner', '1 while this member has no vote.', () =>
      Number(server.isLearner),
    ),
    counter(
      'etcd_server_leader_changes_seen_total',
      'Times that this member found a leader it did not have before.',
      () => metrics.leaderChanges,
    ),
    counter(
      'etcd_server_learner_promote_successes',
      'Learners that got a vote while this member led.',
      () => metrics.learnerPromotions,
    ),
    counters(
      'etcd_server_learner_promote_failures',
      'Learners that were refused a vote while this member led, by the reason.',
      () =>
        [...metrics.failedLearnerPromotions].map(([Reason, value]) => ({
          labels: { Reason },
          value,
        })),
    ),
    gauge(
      'etcd_server_snapshot_apply_in_progress_total',
      "1 while a leader's snapshot takes the place of this member's state.",
      () => metrics.snapshotsBeingApplied,
    ),
  ];
}

function proposals(server: KvorumServer): Family[] {
  const { metrics } = server;
  return [
    gauge(
      'etcd_server_proposals_committed_total',
      'The index of the last entry that is committed.',
      () => server.committedIndex,
    ),
    gauge(
      'etcd_server_proposals_applied_total',
      'The index of the last entry that is applied.',
      () => server.appliedIndex,
    ),
    gauge(
      'etcd_server_proposals_pending',
      'Requests of clients here that wait to be committed and applied.',
      () => server.pendingProposals,
    ),
    counter(
      'etcd_server_proposals_failed_total',
      'Requests that were dropped, or whose fate is not known.',
      () => metrics.failedProposals,
    ),
    counter(
      'etcd_server_slow_apply_total',
      'Entries that took longer to apply than they should.',
      () => metrics.slowApplies,
    ),
    counter(
      'etcd_server_slow_read_indexes_total',
      'Linearizable reads for which the leader did not answer in time.',
      () => metrics.slowReadIndexes,
    ),
    counter(
      'etcd_server_read_indexes_failed_total',
      'Rounds of linearizable reads that failed.',
      () => metrics.failedReadIndexes,
    ),
  ];
}

function latencies(server: KvorumServer): Family[] {
  const { metrics } = server;
  return [
    histograms(
      'etcd_server_apply_duration_seconds',
      'How long entries took to apply, by operation.',
      () => {
        const samples: HistogramSample[] = [];
        for (const [kind, { succeeded, failed }] of metrics.applies.entries()) {
          const op = requestName(kind);
          samples.push({ labels: { version: 'v3', op, success: 'true' }, histogram: succeeded });
          samples.push({ labels: { version: 'v3', op, success: 'false' }, histogram: failed });
        }
        return samples;
      },
    ),
    histograms(
      'etcd_server_request_duration_seconds',
      'How long requests took from their proposal to their result, by type.',
      () => {
        const samples: HistogramSample[] = [];
        for (const [kind, { succeeded, failed }] of metrics.requests.entries()) {
          const type = requestName(kind);
          samples.push({ labels: { type, success: 'true' }, histogram: succeeded });
          samples.push({ labels: { type, success: 'false' }, histogram: failed });
        }
        return samples;
      },
    ),
  ];
}
