import { GrpcCode } from '../../base/errors.js';
import { counter, counters, type Family, histograms, type Labels } from './family.js';
import type { MethodCalls, RpcCalls } from './rpc-calls.js';

/** As Go names the codes: `OK`, `InvalidArgument`. */
const CODE_NAMES = Object.entries(GrpcCode).map(([name, code]) => ({
  code,
  name: code === GrpcCode.ok ? 'OK' : `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
}));

/** What clients call, by method and status; every series is there from the start (E.4). */
export function rpcFamilies(calls: RpcCalls): Family[] {
  const { methods } = calls;
  const perMethod = (value: (method: MethodCalls) => number) => () =>
    methods.map((method) => ({ labels: labelsOf(method), value: value(method) }));
  const measured = methods.some(({ handling }) => handling !== undefined);
  return [
    counters(
      'grpc_server_started_total',
      'Calls that were begun.',
      perMethod(({ started }) => started),
    ),
    counters('grpc_server_handled_total', 'Calls that have ended, by status.', () =>
      methods.flatMap((method) =>
        CODE_NAMES.map(({ code, name }) => ({
          labels: { grpc_code: name, ...labelsOf(method) },
          value: method.handled[code] ?? 0,
        })),
      ),
    ),
    counters(
      'grpc_server_msg_received_total',
      'Messages received from clients.',
      perMethod(({ messagesReceived }) => messagesReceived),
    ),
    counters(
      'grpc_server_msg_sent_total',
      'Messages sent to clients.',
      perMethod(({ messagesSent }) => messagesSent),
    ),
    ...(measured ? [latencies(methods)] : []),
    counter(
      'etcd_network_client_grpc_received_bytes_total',
      'Bytes of messages received from clients.',
      () => calls.receivedBytes,
    ),
    counter(
      'etcd_network_client_grpc_sent_bytes_total',
      'Bytes of messages sent to clients.',
      () => calls.sentBytes,
    ),
    counters(
      'etcd_server_client_requests_total',
      'Calls by the version of the API that clients say they speak.',
      () =>
        [...calls.byClientVersion].map(([key, { count }]) => {
          const [type = '', client_api_version = ''] = key.split(' ');
          return { labels: { type, client_api_version }, value: count };
        }),
    ),
  ];
}

function latencies(methods: readonly MethodCalls[]): Family {
  return histograms('grpc_server_handling_seconds', 'How long calls took.', () =>
    methods.flatMap((method) =>
      method.handling === undefined
        ? []
        : [{ labels: labelsOf(method), histogram: method.handling }],
    ),
  );
}

const labelsOf = ({ method, service, type }: MethodCalls): Labels => ({
  grpc_method: method,
  grpc_service: service,
  grpc_type: type,
});
