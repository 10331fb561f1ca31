import { GrpcCode, RpcError } from '../base/errors.js';
import { SERVER_VERSION } from '../base/version.js';
import {
  AlarmRequest,
  AlarmResponse,
  DefragmentResponse,
  HashKVRequest,
  HashKVResponse,
  HashResponse,
  Maintenance,
  MoveLeaderRequest,
  MoveLeaderResponse,
  StatusResponse,
} from '../proto/generated/etcdserverpb.js';
import { RequestKind } from '../proto/internal-request.js';
import { type Alarm, AlarmType, DEFAULT_QUOTA_BYTES, type KvorumServer } from '../server/index.js';
import type { RpcMethod } from '../transport/index.js';
import { downgradeMethod } from './downgrade.js';
import type { ResponseHeaders } from './response-header.js';
import { type Reply, unary } from './rpc.js';
import { snapshotMethod } from './snapshot.js';

const ALARM_NAMES: Readonly<Record<number, string>> = {
  [AlarmType.noSpace]: 'NOSPACE',
  [AlarmType.corrupt]: 'CORRUPT',
};
const LAST_ALARM_ACTION = 2;

/** The Maintenance service. */
export function maintenanceMethods(server: KvorumServer, headers: ResponseHeaders): RpcMethod[] {
  const { alarm, status, defragment, hash, hashKv, moveLeader } = Maintenance.methods;
  return [
    unary(alarm.path, (bytes, reply) => handleAlarm(server, headers, bytes, reply)),
    unary(status.path, (_bytes, reply) => reply(null, statusResponse(server, headers))),
    unary(defragment.path, (_bytes, reply) => {
      settle(server.backend.compactRange(), reply, () => DefragmentResponse.encode({}));
    }),
    unary(hash.path, (_bytes, reply) => {
      const header = headers.message(server.store.revision);
      settle(server.hashBackend(), reply, (value) => HashResponse.encode({ header, hash: value }));
    }),
    unary(hashKv.path, (bytes, reply) => {
      const { revision } = HashKVRequest.decode(bytes);
      // The answer repeats a revision that was given, also one that no number holds.
      settle(server.store.hashByRevision(saturatedNumber(revision)), reply, (value) =>
        HashKVResponse.encode({
          header: headers.message(server.store.revision),
          hash: value.hash,
          compactRevision: value.compactRevision,
          hashRevision: revision === 0n ? BigInt(value.hashRevision) : revision,
        }),
      );
    }),
    snapshotMethod(server),
    unary(moveLeader.path, (bytes, reply) => {
      const { targetId } = MoveLeaderRequest.decode(bytes);
      settle(server.leadership.moveTo(targetId), reply, () => MoveLeaderResponse.encode({}));
    }),
    downgradeMethod(
      { downgrades: server.downgrades, currentRevision: () => server.store.revision },
      headers,
    ),
  ];
}

/** A revision of 64 bits as the store counts them: what is too large or small stays so. */
function saturatedNumber(revision: bigint): number {
  const limit = Number.MAX_SAFE_INTEGER;
  return Math.max(-limit, Math.min(limit, Number(revision)));
}

/** Answers with what a promise gives. */
function settle<T>(promise: Promise<T>, reply: Reply, encode: (value: T) => Buffer): void {
  promise.then(
    (value) => reply(null, encode(value)),
    (error: unknown) => reply(error),
  );
}

function handleAlarm(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = AlarmRequest.decode(bytes);
  if (request.action < 0 || request.action > LAST_ALARM_ACTION) {
    // A real member dies of it (grpc-surface.md): it must not enter the log.
    throw new RpcError(GrpcCode.invalidArgument, 'etcdserver: unknown alarm action');
  }
  server.propose(RequestKind.alarm, bytes, (error, result) => {
    if (result?.kind !== 'alarm') {
      reply(error ?? new Error('an alarm request was applied with an unexpected result'));
      return;
    }
    const alarms = result.alarms.map(({ memberId, type }) => ({
      memberId,
      alarm: type as AlarmRequest['alarm'],
    }));
    reply(null, AlarmResponse.encode({ header: headers.message(result.revision), alarms }));
  });
}

/** An alarm in protobuf's text format, which leaves out zero fields (G.43). */
function alarmText({ memberId, type }: Alarm): string {
  const member = memberId === 0n ? '' : `memberID:${memberId}`;
  const alarm = type === AlarmType.none ? '' : `alarm:${ALARM_NAMES[type] ?? type}`;
  return [member, alarm].filter((part) => part !== '').join(' ');
}

function statusResponse(server: KvorumServer, headers: ResponseHeaders): Buffer {
  const errors = server.leaderId === 0n ? ['etcdserver: no leader'] : [];
  for (const alarm of server.alarms.list(AlarmType.none)) errors.push(alarmText(alarm));
  const { limitBytes } = server.quota;
  return StatusResponse.encode({
    header: headers.message(server.store.revision),
    version: SERVER_VERSION,
    dbSize: server.backend.sizeBytes(),
    leader: server.leaderId,
    raftIndex: server.committedIndex,
    raftTerm: server.term,
    raftAppliedIndex: server.appliedIndex,
    errors,
    dbSizeInUse: server.backend.sizeInUseBytes(),
    isLearner: server.isLearner,
    storageVersion: server.cluster.storageVersion ?? '',
    dbSizeQuota: Number.isFinite(limitBytes) ? limitBytes : DEFAULT_QUOTA_BYTES,
    downgradeInfo: { ...server.downgrade },
  });
}
