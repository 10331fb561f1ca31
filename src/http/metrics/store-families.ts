import type { KvorumServer } from '../../server/index.js';
import { counter, type Family, gauge, histogram } from './family.js';

/** What is stored, and what the disk takes (E.4). */
export function storeFamilies(server: KvorumServer): Family[] {
  return [
    ...disk(server),
    ...snapFiles(server),
    ...operations(server),
    ...revisions(server),
    ...compactions(server),
    ...hashes(server),
    ...leases(server),
  ];
}

function disk(server: KvorumServer): Family[] {
  const { metrics, backend } = server;
  return [
    histogram(
      'etcd_disk_wal_fsync_duration_seconds',
      'How long making the write-ahead log durable took.',
      () => metrics.walSyncs,
    ),
    histogram(
      'etcd_disk_wal_write_duration_seconds',
      'How long writes to the write-ahead log took, without making them durable.',
      () => metrics.walWrites,
    ),
    gauge(
      'etcd_disk_wal_write_bytes_total',
      'Bytes written to the write-ahead log.',
      () => metrics.walWrittenBytes,
    ),
    histogram(
      'etcd_disk_backend_commit_duration_seconds',
      'How long batches of records took to be written to the store.',
      () => metrics.backendCommits,
    ),
    histogram(
      'etcd_disk_backend_defrag_duration_seconds',
      'How long defragmentations took.',
      () => metrics.defragments,
    ),
    gauge(
      'etcd_disk_defrag_inflight',
      'Defragmentations that are under way.',
      () => backend.defragmentsUnderWay,
    ),
    gauge('etcd_mvcc_db_total_size_in_bytes', 'Bytes of the store on disk.', () =>
      backend.sizeBytes(),
    ),
    gauge(
      'etcd_mvcc_db_total_size_in_use_in_bytes',
      'Bytes of the store on disk that records take.',
      () => backend.sizeInUseBytes(),
    ),
    gauge(
      'etcd_mvcc_db_open_read_transactions',
      'Frozen views of the store that are open.',
      () => backend.openViewCount,
    ),
  ];
}

function snapFiles({ metrics, snapshotTraffic }: KvorumServer): Family[] {
  return [
    histogram(
      'etcd_snap_db_save_total_duration_seconds',
      'How long saving databases received from other members took.',
      () => snapshotTraffic.received.durations,
    ),
    histogram(
      'etcd_disk_backend_snapshot_duration_seconds',
      'How long databases were open for backups and for members that lag.',
      () => metrics.databaseSnapshots,
    ),
    histogram(
      'etcd_snap_fsync_duration_seconds',
      'How long making snapshot files of the log durable took.',
      () => metrics.snapSyncs,
    ),
    histogram(
      'etcd_debugging_snap_save_marshalling_duration_seconds',
      'How long encoding snapshot files of the log took.',
      () => metrics.snapEncodes,
    ),
    histogram(
      'etcd_debugging_snap_save_total_duration_seconds',
      'How long saving snapshot files of the log took in all.',
      () => metrics.snapSaves,
    ),
  ];
}

function operations(server: KvorumServer): Family[] {
  const { counts } = server.store;
  return [
    counter('etcd_mvcc_range_total', 'Ranges read by this member.', () => counts.ranges),
    counter('etcd_mvcc_put_total', 'Puts seen by this member.', () => counts.puts),
    counter('etcd_mvcc_delete_total', 'Deletes seen by this member.', () => counts.deletes),
    counter(
      'etcd_mvcc_txn_total',
      'Transactions of more than one operation seen by this member.',
      () => counts.transactions,
    ),
    gauge(
      'etcd_debugging_mvcc_total_put_size_in_bytes',
      'Bytes of keys and values put.',
      () => counts.putBytes,
    ),
  ];
}

function revisions({ store }: KvorumServer): Family[] {
  return [
    gauge('etcd_debugging_mvcc_keys_total', 'Keys that exist.', () => store.keyCount),
    gauge('etcd_debugging_mvcc_current_revision', 'The newest revision.', () => store.revision),
    gauge(
      'etcd_debugging_mvcc_compact_revision',
      'The revision compacted at last; -1 before the first time.',
      () => store.compactedRevision,
    ),
    gauge(
      'etcd_debugging_mvcc_watch_stream_total',
      'Streams of watches that are open.',
      () => store.watcherCounts.streams,
    ),
    counter(
      'etcd_debugging_mvcc_events_total',
      'Events sent to watchers by this member.',
      () => store.sentEventCount,
    ),
    gauge('etcd_debugging_mvcc_watcher_total', 'Watchers.', () => store.watcherCounts.total),
    gauge(
      'etcd_debugging_mvcc_slow_watcher_total',
      'Watchers that are behind.',
      () => store.watcherCounts.unsynced,
    ),
  ];
}

function compactions({ store }: KvorumServer): Family[] {
  const counts = () => store.compactionCounts;
  return [
    counter(
      'etcd_debugging_mvcc_db_compaction_keys_total',
      'Records that compactions removed.',
      () => counts().removedRecords,
    ),
    gauge(
      'etcd_debugging_mvcc_db_compaction_last',
      'When the last compaction ended, as seconds since 1970; 0 before the first.',
      () => Math.floor(counts().finishedAtUnixMs / 1000),
    ),
    histogram(
      'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
      'How long compactions took.',
      () => counts().durationsMs,
    ),
  ];
}

function hashes({ store, metrics }: KvorumServer): Family[] {
  return [
    histogram(
      'etcd_mvcc_hash_duration_seconds',
      'How long hashes of the whole store took.',
      () => metrics.hashes,
    ),
    histogram(
      'etcd_mvcc_hash_rev_duration_seconds',
      'How long hashes of the keys at a revision took.',
      () => store.hashSeconds,
    ),
  ];
}

function leases({ lessor }: KvorumServer): Family[] {
  const { counts } = lessor;
  return [
    counter('etcd_debugging_lease_granted_total', 'Leases granted.', () => counts.granted),
    counter('etcd_debugging_lease_revoked_total', 'Leases revoked.', () => counts.revoked),
    counter(
      'etcd_debugging_lease_renewed_total',
      'Renewals of leases seen by the leader.',
      () => counts.renewed,
    ),
    counter(
      'etcd_debugging_server_lease_expired_total',
      'Leases that the leader found past their time.',
      () => counts.expired,
    ),
    histogram(
      'etcd_debugging_lease_ttl_total',
      'Seconds that leases were granted for.',
      () => counts.ttlSeconds,
    ),
  ];
}
