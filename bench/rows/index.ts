import { CLUSTER_ROWS } from './cluster.js';
import { COMPACTION_ROWS } from './compaction.js';
import { CONNECTION_ROWS } from './connections.js';
import { EVENT_LOOP_ROWS } from './event-loop.js';
import { IDLE_ROWS } from './idle.js';
import { LARGE_STORE_ROWS } from './large-store.js';
import { LEASE_ROWS } from './lease.js';
import { LIST_ROWS } from './list.js';
import { PUT_ROWS } from './put.js';
import { RANGE_ROWS } from './range.js';
import { REPLAY_ROWS } from './replay.js';
import type { Row } from './row.js';
import { TLS_ROWS } from './tls.js';
import { TXN_ROWS } from './txn.js';
import { WATCH_ROWS } from './watch.js';
import { WATCHER_ROWS } from './watchers.js';

/** Every row of the table, in its order. */
export const ROWS: readonly Row[] = [
  ...RANGE_ROWS,
  ...PUT_ROWS,
  ...CONNECTION_ROWS,
  ...TXN_ROWS,
  ...TLS_ROWS,
  ...WATCH_ROWS,
  ...WATCHER_ROWS,
  ...LEASE_ROWS,
  ...LIST_ROWS,
  ...LARGE_STORE_ROWS,
  ...COMPACTION_ROWS,
  ...REPLAY_ROWS,
  ...EVENT_LOOP_ROWS,
  ...IDLE_ROWS,
  ...CLUSTER_ROWS,
];
