import { goQuote } from '../../../config/go-text.js';
import type {
  MemberListResponse,
  ResponseHeader,
  StatusResponse,
  TxnResponse,
} from '../../../proto/generated/etcdserverpb.js';
import { AlarmType } from '../../../proto/generated/etcdserverpb.js';
import { Event_EventType, type KeyValue } from '../../../proto/generated/mvccpb.js';
import { CommandError, EXIT } from '../exit.js';
import { quoteBytes } from '../go-syntax.js';
import type { Result } from './result.js';

type LeaseResult = Extract<Result, { kind: `lease${string}` }>;

/** `--write-out=fields`: one `"Name" : value` a line. */
export function toFields(result: Result, hex: boolean): string {
  const writer = new FieldWriter(hex);
  writer.result(result);
  return writer.text;
}

const unsupported = (): CommandError =>
  new CommandError(EXIT.badFeature, 'fields not supported as output format');

class FieldWriter {
  text = '';
  readonly #hex: boolean;

  constructor(hex: boolean) {
    this.#hex = hex;
  }

  #line(name: string, value: string | number | bigint | boolean): void {
    this.text += `"${name}" : ${value}\n`;
  }

  /** Member and cluster ids: 64 bits, unpadded hex with --hex. */
  #id(name: string, id: bigint): void {
    this.#line(name, this.#hex ? id.toString(16) : id);
  }

  /** Lease ids are padded with --hex. */
  #leaseId(name: string, id: bigint): void {
    const padded = BigInt.asUintN(64, id).toString(16).padStart(16, '0');
    this.#line(name, this.#hex ? padded : id);
  }

  #header(header: ResponseHeader | undefined): void {
    this.#id('ClusterID', header?.clusterId ?? 0n);
    this.#id('MemberID', header?.memberId ?? 0n);
    const revision = header?.revision ?? 0;
    if (revision > 0) this.#line('Revision', revision);
    this.#line('RaftTerm', header?.raftTerm ?? 0);
  }

  #keyValue(prefix: string, pair: KeyValue): void {
    this.#line(`${prefix}Key`, quoteBytes(pair.key));
    this.#line(`${prefix}CreateRevision`, pair.createRevision);
    this.#line(`${prefix}ModRevision`, pair.modRevision);
    this.#line(`${prefix}Version`, pair.version);
    this.#line(`${prefix}Value`, quoteBytes(pair.value));
    this.#leaseId(`${prefix}Lease`, pair.lease);
  }

  result(result: Result): void {
    switch (result.kind) {
      case 'endpointHealth':
        for (const { endpoint, healthy, took, error } of result.endpoints) {
          this.#line('Endpoint', goQuote(endpoint));
          this.#line('Health', healthy);
          this.#line('Took', took);
          this.#line('Error', error);
          this.text += '\n';
        }
        return;
      case 'endpointStatus':
        for (const { endpoint, status } of result.endpoints) this.#status(endpoint, status);
        return;
      case 'endpointHash':
        for (const { endpoint, hash } of result.endpoints) {
          this.#header(hash.header);
          this.#line('Endpoint', goQuote(endpoint));
          this.#line('Hash', hash.hash);
          this.#line('HashRevision', hash.hashRevision);
          this.text += '\n';
        }
        return;
      case 'plain':
        if (result.fields === undefined) throw unsupported();
        this.#header(result.header);
        for (const line of result.fields) this.text += `${line}\n`;
        return;
      case 'memberAdd':
      case 'memberChange':
        throw unsupported();
      default:
        this.#header(result.response.header);
        this.#body(result);
    }
  }

  #body(
    result: Exclude<Result, { kind: `endpoint${string}` | 'memberAdd' | 'memberChange' | 'plain' }>,
  ): void {
    switch (result.kind) {
      case 'get':
        for (const pair of result.response.kvs) this.#keyValue('', pair);
        this.#line('More', result.response.more);
        this.#line('Count', result.response.count);
        return;
      case 'put':
        if (result.response.prevKv !== undefined) this.#keyValue('Prev', result.response.prevKv);
        return;
      case 'del':
        this.#line('Deleted', result.response.deleted);
        for (const pair of result.response.prevKvs) this.#keyValue('Prev', pair);
        return;
      case 'txn':
        this.#txn(result.response);
        return;
      case 'watch':
        for (const { type, kv, prevKv } of result.response.events) {
          this.#line('Type', type === Event_EventType.DELETE ? 'DELETE' : 'PUT');
          if (prevKv !== undefined) this.#keyValue('Prev', prevKv);
          if (kv !== undefined) this.#keyValue('', kv);
        }
        return;
      case 'memberList':
        this.#members(result.response);
        return;
      case 'alarm':
        for (const { memberId, alarm } of result.response.alarms) {
          this.#id('MemberID', memberId);
          const name = Object.entries(AlarmType).find(([, value]) => value === alarm)?.[0];
          this.#line('AlarmType', name ?? alarm);
          this.text += '\n';
        }
        return;
      default:
        this.#lease(result);
        return;
    }
  }

  #txn(response: TxnResponse): void {
    this.#line('Succeeded', response.succeeded);
    for (const operation of response.responses) {
      const { responseRange, responsePut, responseDeleteRange } = operation;
      if (responseRange) this.result({ kind: 'get', response: responseRange, valueOnly: false });
      if (responsePut) this.result({ kind: 'put', response: responsePut });
      if (responseDeleteRange) this.result({ kind: 'del', response: responseDeleteRange });
    }
  }

  #members(response: MemberListResponse): void {
    for (const member of response.members) {
      this.#id('ID', member.id);
      this.#line('Name', goQuote(member.name));
      for (const url of member.peerUrls) this.#line('PeerURL', goQuote(url));
      for (const url of member.clientUrls) this.#line('ClientURL', goQuote(url));
      this.#line('IsLearner', member.isLearner);
      this.text += '\n';
    }
  }

  #status(endpoint: string, status: StatusResponse): void {
    this.#header(status.header);
    this.#line('Version', goQuote(status.version));
    this.#line('StorageVersion', goQuote(status.storageVersion));
    this.#line('DBSize', status.dbSize);
    this.#line('DBSizeInUse', status.dbSizeInUse);
    this.#line('DBSizeQuota', status.dbSizeQuota);
    this.#line('Leader', status.leader);
    this.#line('IsLearner', status.isLearner);
    this.#line('RaftIndex', status.raftIndex);
    this.#line('RaftTerm', status.raftTerm);
    this.#line('RaftAppliedIndex', status.raftAppliedIndex);
    this.#line('Errors', `[${status.errors.join(' ')}]`);
    this.#line('Endpoint', goQuote(endpoint));
    this.#line('DowngradeTargetVersion', goQuote(status.downgradeInfo?.targetVersion ?? ''));
    this.#line('DowngradeEnabled', status.downgradeInfo?.enabled ?? false);
    this.text += '\n';
  }

  #lease(result: LeaseResult): void {
    switch (result.kind) {
      case 'leaseGrant':
      case 'leaseKeepAlive':
        this.#leaseId('ID', result.response.id);
        this.#line('TTL', result.response.ttl);
        return;
      case 'leaseTimeToLive': {
        const { id, ttl, grantedTtl, keys } = result.response;
        this.#leaseId('ID', id);
        this.#line('TTL', ttl);
        this.#line('GrantedTTL', grantedTtl);
        for (const key of keys) this.#line('Key', quoteBytes(key));
        return;
      }
      case 'leaseList':
        for (const { id } of result.response.leases) this.#leaseId('ID', id);
        return;
      case 'leaseRevoke':
        return;
    }
  }
}
