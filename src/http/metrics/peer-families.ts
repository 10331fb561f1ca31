import type { Clock } from '../../base/clock.js';
import { exponentialBounds, Histogram } from '../../base/metrics.js';
import { formatId } from '../../membership/index.js';
import type { KvorumServer } from '../../server/index.js';
import { counters, type Family, gauges, histograms, type Sample } from './family.js';

const ROUND_TRIP_BOUNDS = exponentialBounds(0.0001, 2, 16);
/** How often etcd notes how far away the others are. */
const ROUND_TRIP_INTERVAL_MS = 30_000;

/** How far away the other members were, noted every half minute. */
export class PeerRoundTrips {
  readonly byMember = new Map<bigint, Histogram>();
  readonly #server: Pick<KvorumServer, 'peerStatistics'>;
  readonly #cancel: () => void;

  constructor(server: Pick<KvorumServer, 'peerStatistics'>, clock: Clock) {
    this.#server = server;
    this.#cancel = clock.setInterval(() => this.#note(), ROUND_TRIP_INTERVAL_MS);
  }

  stop(): void {
    this.#cancel();
  }

  #note(): void {
    const peers = this.#server.peerStatistics;
    for (const id of this.byMember.keys()) if (!peers.has(id)) this.byMember.delete(id);
    for (const [id, { roundTripMs }] of peers) {
      if (roundTripMs === undefined) continue;
      const histogram = this.byMember.get(id) ?? new Histogram(ROUND_TRIP_BOUNDS);
      histogram.observe(roundTripMs / 1000);
      this.byMember.set(id, histogram);
    }
  }
}

/** Whole states that go to members that lag, and come to this one (E.4). */
export function snapshotFamilies(server: KvorumServer): Family[] {
  return [
    ...directionFamilies('send', 'To', 'sent to', () => server.snapshotTraffic.sent.byMember),
    ...directionFamilies(
      'receive',
      'From',
      'received from',
      () => server.snapshotTraffic.received.byMember,
    ),
  ];
}

type Traffic = KvorumServer['snapshotTraffic']['sent']['byMember'];

function directionFamilies(
  verb: 'send' | 'receive',
  label: 'To' | 'From',
  words: string,
  traffic: () => Traffic,
): Family[] {
  const name = `etcd_network_snapshot_${verb}`;
  type Counts = Traffic extends ReadonlyMap<bigint, infer Value> ? Value : never;
  const perMember = (value: (counts: Counts) => number) => (): readonly Sample[] =>
    [...traffic()].map(([id, counts]) => ({
      labels: { [label]: formatId(id) },
      value: value(counts),
    }));
  return [
    counters(
      `${name}_success`,
      `Snapshots ${words} other members.`,
      perMember(({ succeeded }) => succeeded),
    ),
    counters(
      `${name}_failures`,
      `Snapshots that could not be ${words} other members.`,
      perMember(({ failed }) => failed),
    ),
    gauges(
      `${name}_inflights_total`,
      `Snapshots that are being ${words} other members.`,
      perMember(({ inFlight }) => inFlight),
    ),
    histograms(
      `${name}_total_duration_seconds`,
      `How long snapshots ${words} other members took.`,
      () =>
        [...traffic()].map(([id, { durations }]) => ({
          labels: { [label]: formatId(id) },
          histogram: durations,
        })),
    ),
  ];
}

/** The ways to the other members (E.4). */
export function peerFamilies(server: KvorumServer, roundTrips: PeerRoundTrips): Family[] {
  const Local = formatId(server.memberId);
  type Peer = typeof server.peerStatistics extends ReadonlyMap<bigint, infer Value> ? Value : never;
  const perPeer = (label: 'To' | 'From', value: (peer: Peer) => number) => (): readonly Sample[] =>
    [...server.peerStatistics].map(([id, peer]) => ({
      labels: { [label]: formatId(id) },
      value: value(peer),
    }));
  return [
    gauges('etcd_network_known_peers', 'Members of the cluster: 1 each.', () =>
      server.cluster
        .members()
        .map(({ id }) => ({ labels: { Local, Remote: formatId(id) }, value: 1 })),
    ),
    gauges('etcd_network_active_peers', 'Other members, 1 where they are reached.', () =>
      [...server.peerStatistics].map(([id, { activeSinceMs }]) => ({
        labels: { Local, Remote: formatId(id) },
        value: Number(activeSinceMs !== undefined),
      })),
    ),
    counters('etcd_network_disconnected_peers_total', 'Times that other members were lost.', () =>
      [...server.peerStatistics].map(([id, { disconnects }]) => ({
        labels: { Local, Remote: formatId(id) },
        value: disconnects,
      })),
    ),
    counters(
      'etcd_network_peer_sent_bytes_total',
      'Bytes sent to other members.',
      perPeer('To', (peer) => peer.sentBytes),
    ),
    counters(
      'etcd_network_peer_received_bytes_total',
      'Bytes received from other members.',
      perPeer('From', (peer) => peer.receivedBytes),
    ),
    counters(
      'etcd_network_peer_sent_failures_total',
      'Messages to other members that were not sent.',
      perPeer('To', (peer) => peer.sentFailures),
    ),
    counters(
      'etcd_network_peer_received_failures_total',
      'Messages from other members that could not be taken.',
      perPeer('From', (peer) => peer.receivedFailures),
    ),
    histograms(
      'etcd_network_peer_round_trip_time_seconds',
      'How long other members took to answer probes.',
      () =>
        [...roundTrips.byMember].map(([id, histogram]) => ({
          labels: { To: formatId(id) },
          histogram,
        })),
    ),
  ];
}
