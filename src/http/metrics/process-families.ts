import type { ScrapeCounts } from '../metrics-endpoint.js';
import { counter, counters, type Family, gauge, info } from './family.js';
import { type ProcessFigures, processFigures } from './process-figures.js';

/** Files and memory of one scrape are looked up once. */
const FIGURES_AGE_MS = 100;

/** The process as the operating system sees it, by the names of Go's client library (E.4). */
export function processFamilies(): Family[] {
  const figures = recent(processFigures);
  const memory = recent(() => process.memoryUsage());
  const startSeconds = performance.timeOrigin / 1000;
  const fileFamilies = (name: { used: string; limit: string }): Family[] => [
    gauge(name.used, 'Files and connections that are open.', () => figures().openFileDescriptors),
    gauge(name.limit, 'How many may be open.', () => figures().maxFileDescriptors),
  ];
  return [
    counter('process_cpu_seconds_total', 'Processor time used, user and system.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    gauge('process_resident_memory_bytes', 'Memory in use.', () => memory().rss),
    gauge(
      'process_virtual_memory_bytes',
      'Address space in use.',
      () => figures().virtualMemoryBytes,
    ),
    gauge(
      'process_virtual_memory_max_bytes',
      'Address space that may be used; -1 for no limit.',
      () => figures().maxVirtualMemoryBytes,
    ),
    gauge('process_start_time_seconds', 'When the process began.', () => startSeconds),
    ...fileFamilies({ used: 'process_open_fds', limit: 'process_max_fds' }),
    ...fileFamilies({ used: 'os_fd_used', limit: 'os_fd_limit' }),
    counter(
      'process_network_receive_bytes_total',
      'Bytes received over all network interfaces of the process.',
      () => figures().networkReceivedBytes,
    ),
    counter(
      'process_network_transmit_bytes_total',
      'Bytes sent over all network interfaces of the process.',
      () => figures().networkSentBytes,
    ),
    ...runtimeFamilies(figures, memory),
  ];
}

/** What of Go's runtime has a like in this one. */
function runtimeFamilies(
  figures: () => ProcessFigures,
  memory: () => NodeJS.MemoryUsage,
): Family[] {
  return [
    info('go_info', 'The runtime, as label.', () => ({ version: `node ${process.version}` })),
    gauge('go_threads', 'Threads of the process.', () => figures().threads),
    gauge('go_memstats_sys_bytes', 'Memory in use.', () => memory().rss),
    gauge('go_memstats_alloc_bytes', 'Bytes of objects on the heap.', () => memory().heapUsed),
    gauge('go_memstats_heap_alloc_bytes', 'Bytes of objects on the heap.', () => memory().heapUsed),
    gauge('go_memstats_heap_inuse_bytes', 'Bytes of objects on the heap.', () => memory().heapUsed),
    gauge('go_memstats_heap_sys_bytes', 'Bytes of the heap.', () => memory().heapTotal),
    gauge(
      'go_memstats_heap_idle_bytes',
      'Bytes of the heap without objects.',
      () => memory().heapTotal - memory().heapUsed,
    ),
    gauge(
      'go_memstats_other_sys_bytes',
      'Bytes of buffers and other memory outside of the heap.',
      () => memory().external,
    ),
  ];
}

/** How often the metrics themselves were asked for. */
export function scrapeFamilies(counts: () => ScrapeCounts): Family[] {
  return [
    counters('promhttp_metric_handler_requests_total', 'Times that metrics were asked for.', () => [
      { labels: { code: '200' }, value: counts().succeeded },
      { labels: { code: '500' }, value: counts().failed },
      { labels: { code: '503' }, value: 0 },
    ]),
    gauge(
      'promhttp_metric_handler_requests_in_flight',
      'Requests for metrics that are being answered.',
      () => counts().inFlight,
    ),
  ];
}

/** The result of `read`, which is called again when it is no longer fresh. */
function recent<Value>(read: () => Value): () => Value {
  let value: Value | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (value === undefined || nowMs - readAtMs > FIGURES_AGE_MS) {
      value = read();
      readAtMs = nowMs;
    }
    return value;
  };
}
