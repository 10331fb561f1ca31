/** Families of etcd 3.7.1 that are not there, by the reason. */
const BY_REASON: Readonly<Record<string, readonly string[]>> = {
  'the inside of a bbolt commit: records are written to LevelDB': [
    'etcd_debugging_disk_backend_commit_rebalance_duration_seconds',
    'etcd_debugging_disk_backend_commit_spill_duration_seconds',
    'etcd_debugging_disk_backend_commit_write_duration_seconds',
  ],
  'there is no loop that sends watch events: they are written in the step that applies the change':
    [
      'etcd_debugging_mvcc_pending_events_total',
      'etcd_debugging_server_watch_send_loop_control_stream_duration_seconds',
      'etcd_debugging_server_watch_send_loop_progress_duration_seconds',
      'etcd_debugging_server_watch_send_loop_watch_stream_duration_per_event_seconds',
      'etcd_debugging_server_watch_send_loop_watch_stream_duration_seconds',
    ],
  'a compaction holds up nobody: it works in slices between other work': [
    'etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds',
    'etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds',
  ],
  'databases received are converted, not kept: only what becomes of them is made durable': [
    'etcd_snap_db_fsync_duration_seconds',
  ],
  'heartbeats never wait for the disk': ['etcd_server_heartbeat_send_failures_total'],
  'the store of API version 2': [
    'etcd_debugging_store_expires_total',
    'etcd_debugging_store_watch_requests_total',
    'etcd_debugging_store_watchers',
  ],
  'the gRPC proxy is another program': [
    'etcd_grpc_proxy_cache_hits_total',
    'etcd_grpc_proxy_cache_keys_total',
    'etcd_grpc_proxy_cache_misses_total',
    'etcd_grpc_proxy_events_coalescing_total',
    'etcd_grpc_proxy_watchers_coalescing_total',
  ],
  'users and roles are not there yet': ['etcd_debugging_auth_revision'],
  'a range takes less time than reading the clock twice': ['etcd_server_range_duration_seconds'],
  "the inside of Go's runtime": [
    'go_gc_duration_seconds',
    'go_gc_gogc_percent',
    'go_gc_gomemlimit_bytes',
    'go_goroutines',
    'go_memstats_alloc_bytes_total',
    'go_memstats_buck_hash_sys_bytes',
    'go_memstats_frees_total',
    'go_memstats_gc_sys_bytes',
    'go_memstats_heap_objects',
    'go_memstats_heap_released_bytes',
    'go_memstats_last_gc_time_seconds',
    'go_memstats_mallocs_total',
    'go_memstats_mcache_inuse_bytes',
    'go_memstats_mcache_sys_bytes',
    'go_memstats_mspan_inuse_bytes',
    'go_memstats_mspan_sys_bytes',
    'go_memstats_next_gc_bytes',
    'go_memstats_stack_inuse_bytes',
    'go_memstats_stack_sys_bytes',
    'go_sched_gomaxprocs_threads',
  ],
};

export const FAMILIES_WITHOUT_MEANING: ReadonlySet<string> = new Set(
  Object.values(BY_REASON).flat(),
);
