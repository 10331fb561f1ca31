import type {
  DeleteRangeResponse,
  Member,
  MemberAddResponse,
  MemberListResponse,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  ResponseOp,
  StatusResponse,
  TxnResponse,
  WatchResponse,
} from '../../../proto/generated/etcdserverpb.js';
import type { Event, KeyValue } from '../../../proto/generated/mvccpb.js';
import { encodeGoJson, type GoJson, omitEmpty } from './go-json.js';
import type { Result } from './result.js';

type Fields = { readonly [key: string]: GoJson };

/** `--write-out=json`: one line, with the names and order of etcdctl. */
export function toJson(result: Result, hex: boolean): string {
  return `${encodeGoJson(convert(result, hex))}\n`;
}

function headerFields(message: ResponseHeader | undefined): Fields {
  if (message === undefined) return {};
  return {
    cluster_id: omitEmpty(message.clusterId),
    member_id: omitEmpty(message.memberId),
    revision: omitEmpty(message.revision),
    raft_term: omitEmpty(message.raftTerm),
  };
}

function header(message: ResponseHeader | undefined): GoJson {
  return message === undefined ? undefined : headerFields(message);
}

function keyValue(message: KeyValue | undefined): GoJson {
  if (message === undefined) return undefined;
  return {
    key: omitEmpty(message.key),
    create_revision: omitEmpty(message.createRevision),
    mod_revision: omitEmpty(message.modRevision),
    version: omitEmpty(message.version),
    value: omitEmpty(message.value),
    lease: omitEmpty(message.lease),
  };
}

const range = (message: RangeResponse): GoJson => ({
  header: header(message.header),
  kvs: omitEmpty(message.kvs.map(keyValue)),
  more: omitEmpty(message.more),
  count: omitEmpty(message.count),
});

const put = (message: PutResponse): GoJson => ({
  header: header(message.header),
  prev_kv: keyValue(message.prevKv),
});

const deleteRange = (message: DeleteRangeResponse): GoJson => ({
  header: header(message.header),
  deleted: omitEmpty(message.deleted),
  prev_kvs: omitEmpty(message.prevKvs.map(keyValue)),
});

const txn = (message: TxnResponse): GoJson => ({
  header: header(message.header),
  succeeded: omitEmpty(message.succeeded),
  responses: omitEmpty(message.responses.map((operation) => ({ Response: response(operation) }))),
});

function response(operation: ResponseOp): GoJson {
  const { responseRange, responsePut, responseDeleteRange, responseTxn } = operation;
  return {
    response_range: responseRange && range(responseRange),
    response_put: responsePut && put(responsePut),
    response_delete_range: responseDeleteRange && deleteRange(responseDeleteRange),
    response_txn: responseTxn && txn(responseTxn),
  };
}

const event = (message: Event): GoJson => ({
  type: omitEmpty(message.type),
  kv: keyValue(message.kv),
  prev_kv: keyValue(message.prevKv),
});

// A Go struct without JSON tags: capital names, nothing left out.
const watch = (message: WatchResponse): GoJson => ({
  Header: header(message.header) ?? null,
  Events: message.events.length > 0 ? message.events.map(event) : null,
  CompactRevision: message.compactRevision,
  Canceled: message.canceled,
  Created: message.created,
  CancelReason: message.cancelReason,
});

function member(message: Member, hex: boolean): GoJson {
  return {
    ID: hex ? message.id.toString(16) : omitEmpty(message.id),
    name: omitEmpty(message.name),
    peerURLs: omitEmpty(message.peerUrls),
    clientURLs: omitEmpty(message.clientUrls),
    isLearner: omitEmpty(message.isLearner),
  };
}

function memberList(message: Pick<MemberListResponse, 'header' | 'members'>, hex: boolean): Fields {
  const fields = headerFields(message.header);
  const ids = {
    cluster_id: (message.header?.clusterId ?? 0n).toString(16),
    member_id: (message.header?.memberId ?? 0n).toString(16),
  };
  return {
    header: hex ? { ...fields, ...ids } : fields,
    members: omitEmpty(message.members.map((item) => member(item, hex))),
  };
}

function memberAdd(message: MemberAddResponse, hex: boolean): GoJson {
  const { header: head, members } = memberList(message, hex);
  return { header: head, member: message.member && member(message.member, hex), members };
}

const status = (message: StatusResponse): GoJson => ({
  header: header(message.header),
  version: omitEmpty(message.version),
  dbSize: omitEmpty(message.dbSize),
  leader: omitEmpty(message.leader),
  raftIndex: omitEmpty(message.raftIndex),
  raftTerm: omitEmpty(message.raftTerm),
  raftAppliedIndex: omitEmpty(message.raftAppliedIndex),
  errors: omitEmpty(message.errors),
  dbSizeInUse: omitEmpty(message.dbSizeInUse),
  isLearner: omitEmpty(message.isLearner),
  storageVersion: omitEmpty(message.storageVersion),
  dbSizeQuota: omitEmpty(message.dbSizeQuota),
  downgradeInfo: message.downgradeInfo && {
    enabled: omitEmpty(message.downgradeInfo.enabled),
    targetVersion: omitEmpty(message.downgradeInfo.targetVersion),
  },
});

function convert(result: Result, hex: boolean): GoJson {
  switch (result.kind) {
    case 'plain':
      return { header: header(result.header), ...result.json };
    case 'get':
      return range(result.response);
    case 'put':
      return put(result.response);
    case 'del':
      return deleteRange(result.response);
    case 'txn':
      return txn(result.response);
    case 'watch':
      return watch(result.response);
    case 'memberList':
      return memberList(result.response, hex);
    case 'memberChange':
      return memberList(result.response, hex);
    case 'memberAdd':
      return memberAdd(result.response, hex);
    case 'alarm': {
      const alarms = result.response.alarms.map(({ memberId, alarm }) => ({
        memberID: omitEmpty(memberId),
        alarm: omitEmpty(alarm),
      }));
      return { header: header(result.response.header), alarms: omitEmpty(alarms) };
    }
    case 'endpointHealth':
      return result.endpoints.map(({ endpoint, healthy, took, error }) => ({
        endpoint,
        health: healthy,
        took,
        error: omitEmpty(error),
      }));
    case 'endpointStatus': {
      const { endpoints } = result;
      if (endpoints.length === 0) return null;
      return endpoints.map((item) => ({ Endpoint: item.endpoint, Status: status(item.status) }));
    }
    case 'endpointHash':
      if (result.endpoints.length === 0) return null;
      return result.endpoints.map(({ endpoint, hash }) => ({
        Endpoint: endpoint,
        HashKV: {
          header: header(hash.header),
          hash: omitEmpty(hash.hash),
          compact_revision: omitEmpty(hash.compactRevision),
          hash_revision: omitEmpty(hash.hashRevision),
        },
      }));
    default:
      return lease(result);
  }
}

type LeaseResult = Extract<Result, { kind: `lease${string}` }>;

/** Lease answers spread their header over the object itself. */
function lease(result: LeaseResult): GoJson {
  const fields = headerFields(result.response.header);
  switch (result.kind) {
    case 'leaseGrant': {
      const { id, ttl, error } = result.response;
      return { ...fields, ID: id, TTL: ttl, Error: error };
    }
    case 'leaseRevoke':
      return { header: header(result.response.header) };
    case 'leaseKeepAlive':
      return { ...fields, ID: result.response.id, TTL: result.response.ttl };
    case 'leaseTimeToLive': {
      const { id, ttl, grantedTtl, keys } = result.response;
      const attached = keys.length > 0 ? keys : null;
      return { ...fields, id, ttl, 'granted-ttl': grantedTtl, keys: attached };
    }
    case 'leaseList':
      return { ...fields, leases: result.response.leases.map(({ id }) => ({ id })) };
  }
}
