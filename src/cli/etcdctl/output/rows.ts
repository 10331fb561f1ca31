import type { MemberListResponse } from '../../../proto/generated/etcdserverpb.js';
import type { EndpointHash, EndpointHealth, EndpointStatus } from './result.js';

/** The cells that `simple` joins by commas and `table` draws. */
export interface Rows {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function memberRows(response: MemberListResponse): Rows {
  return {
    header: ['ID', 'Status', 'Name', 'Peer Addrs', 'Client Addrs', 'Is Learner'],
    rows: response.members.map((member) => [
      member.id.toString(16),
      member.name === '' ? 'unstarted' : 'started',
      member.name,
      member.peerUrls.join(','),
      member.clientUrls.join(','),
      String(member.isLearner),
    ]),
  };
}

export function healthRows(endpoints: readonly EndpointHealth[]): Rows {
  return {
    header: ['endpoint', 'health', 'took', 'error'],
    rows: endpoints.map(({ endpoint, healthy, took, error }) => [
      endpoint,
      String(healthy),
      took,
      error,
    ]),
  };
}

const STATUS_HEADER = [
  ...['endpoint', 'ID', 'version', 'storage version', 'db size', 'in use'],
  ...['percentage not in use', 'quota', 'is leader', 'is learner', 'raft term', 'raft index'],
  ...['raft applied index', 'errors', 'downgrade target version', 'downgrade enabled'],
];

export function statusRows(endpoints: readonly EndpointStatus[]): Rows {
  return {
    header: STATUS_HEADER,
    rows: endpoints.map(({ endpoint, status }) => [
      endpoint,
      (status.header?.memberId ?? 0n).toString(16),
      status.version,
      status.storageVersion,
      formatBytes(status.dbSize),
      formatBytes(status.dbSizeInUse),
      `${100 - Math.trunc((status.dbSizeInUse * 100) / (status.dbSize || 1))}%`,
      formatBytes(status.dbSizeQuota),
      String(status.leader === (status.header?.memberId ?? 0n)),
      String(status.isLearner),
      String(status.raftTerm),
      String(status.raftIndex),
      String(status.raftAppliedIndex),
      status.errors.join(', '),
      status.downgradeInfo?.targetVersion ?? '',
      String(status.downgradeInfo?.enabled ?? false),
    ]),
  };
}

export function hashRows(endpoints: readonly EndpointHash[]): Rows {
  return {
    header: ['endpoint', 'hash', 'hash_revision'],
    rows: endpoints.map(({ endpoint, hash }) => [
      endpoint,
      String(hash.hash),
      String(hash.hashRevision),
    ]),
  };
}

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** `25 kB`, `2.1 GB`: powers of 1000, one decimal below ten. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 10) return `${sizeBytes} B`;
  const exponent = Math.min(Math.floor(Math.log10(sizeBytes) / 3), SIZE_UNITS.length - 1);
  const value = Math.floor((sizeBytes / 1000 ** exponent) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : roundHalfEven(value)} ${SIZE_UNITS[exponent]}`;
}

/** As Go rounds when it prints; numbers have one decimal. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
