import type { TxnResponse } from '../../../proto/generated/etcdserverpb.js';
import { AlarmType } from '../../../proto/generated/etcdserverpb.js';
import { Event_EventType, type KeyValue } from '../../../proto/generated/mvccpb.js';
import type { Result } from './result.js';
import { hashRows, memberRows, statusRows } from './rows.js';

const NEWLINE = Buffer.from('\n');

/** Collects lines; keys and values are bytes and need not be text. */
class Lines {
  readonly #chunks: Buffer[] = [];
  readonly #hex: boolean;

  constructor(hex: boolean) {
    this.#hex = hex;
  }

  text(line: string): void {
    this.#chunks.push(Buffer.from(`${line}\n`));
  }

  verbatim(text: string): void {
    this.#chunks.push(Buffer.from(text));
  }

  bytes(bytes: Buffer): void {
    if (this.#hex) this.text(bytes.toString('hex').replace(/../g, '\\x$&'));
    else this.#chunks.push(bytes, NEWLINE);
  }

  keyValue(pair: KeyValue): void {
    this.bytes(pair.key);
    this.bytes(pair.value);
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

const hexId = (id: bigint): string => BigInt.asUintN(64, id).toString(16).padStart(16, '0');

const paddedId = (id = 0n): string => id.toString(16).padStart(16, ' ');

/** `--write-out=simple`: what people read. */
export function toSimple(result: Result, hex: boolean): Buffer {
  const lines = new Lines(hex);
  write(result, lines);
  return lines.toBuffer();
}

function write(result: Result, lines: Lines): void {
  switch (result.kind) {
    case 'plain':
      lines.verbatim(result.text);
      return;
    case 'get':
      for (const pair of result.response.kvs) {
        if (!result.valueOnly) lines.bytes(pair.key);
        lines.bytes(pair.value);
      }
      return;
    case 'put':
      lines.text('OK');
      if (result.response.prevKv !== undefined) lines.keyValue(result.response.prevKv);
      return;
    case 'del':
      lines.text(String(result.response.deleted));
      for (const pair of result.response.prevKvs) lines.keyValue(pair);
      return;
    case 'txn':
      writeTxn(result.response, lines);
      return;
    case 'watch':
      for (const event of result.response.events) {
        lines.text(event.type === Event_EventType.DELETE ? 'DELETE' : 'PUT');
        if (event.prevKv !== undefined) lines.keyValue(event.prevKv);
        if (event.kv !== undefined) lines.keyValue(event.kv);
      }
      return;
    case 'memberList':
      for (const row of memberRows(result.response).rows) lines.text(row.join(', '));
      return;
    case 'memberAdd': {
      const { member, header } = result.response;
      const role = member?.isLearner ? ' as learner ' : ' ';
      const cluster = paddedId(header?.clusterId);
      lines.text(`Member ${paddedId(member?.id)} added${role}to cluster ${cluster}`);
      return;
    }
    case 'memberChange': {
      const cluster = paddedId(result.response.header?.clusterId);
      lines.text(`Member ${paddedId(result.id)} ${result.change} cluster ${cluster}`);
      return;
    }
    case 'alarm':
      for (const { memberId, alarm } of result.response.alarms) {
        const name = Object.entries(AlarmType).find(([, value]) => value === alarm)?.[0] ?? alarm;
        lines.text(`memberID:${memberId} alarm:${name}`);
      }
      return;
    case 'endpointHealth':
      for (const { endpoint, took, error } of result.endpoints) {
        if (error !== '') continue; // told on stderr by the command
        lines.text(`${endpoint} is healthy: successfully committed proposal: took = ${took}`);
      }
      return;
    case 'endpointStatus':
      for (const row of statusRows(result.endpoints).rows) lines.text(row.join(', '));
      return;
    case 'endpointHash':
      for (const row of hashRows(result.endpoints).rows) lines.text(row.join(', '));
      return;
    default:
      writeLease(result, lines);
      return;
  }
}

function writeTxn(response: TxnResponse, lines: Lines): void {
  lines.text(response.succeeded ? 'SUCCESS' : 'FAILURE');
  for (const operation of response.responses) {
    lines.text('');
    const { responseRange, responsePut, responseDeleteRange, responseTxn } = operation;
    if (responseRange !== undefined) {
      write({ kind: 'get', response: responseRange, valueOnly: false }, lines);
    } else if (responsePut !== undefined) {
      write({ kind: 'put', response: responsePut }, lines);
    } else if (responseDeleteRange !== undefined) {
      write({ kind: 'del', response: responseDeleteRange }, lines);
    } else if (responseTxn !== undefined) {
      writeTxn(responseTxn, lines);
    }
  }
}

type LeaseResult = Extract<Result, { kind: `lease${string}` }>;

function writeLease(result: LeaseResult, lines: Lines): void {
  switch (result.kind) {
    case 'leaseGrant': {
      const { id, ttl } = result.response;
      lines.text(`lease ${hexId(id)} granted with TTL(${ttl}s)`);
      return;
    }
    case 'leaseRevoke':
      lines.text(`lease ${hexId(result.id)} revoked`);
      return;
    case 'leaseKeepAlive': {
      const { id, ttl } = result.response;
      lines.text(`lease ${hexId(id)} keepalived with TTL(${ttl})`);
      return;
    }
    case 'leaseTimeToLive': {
      const { id, ttl, grantedTtl, keys } = result.response;
      if (grantedTtl === 0 && ttl === -1) {
        lines.text(`lease ${hexId(id)} already expired`);
        return;
      }
      const attached = keys.map((key) => key.toString()).join(' ');
      const tail = result.withKeys ? `, attached keys([${attached}])` : '';
      const times = `granted with TTL(${grantedTtl}s), remaining(${ttl}s)`;
      lines.text(`lease ${hexId(id)} ${times}${tail}`);
      return;
    }
    case 'leaseList':
      lines.text(`found ${result.response.leases.length} leases`);
      for (const { id } of result.response.leases) lines.text(hexId(id));
  }
}
