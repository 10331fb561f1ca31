import { createHash } from 'node:crypto';
import type { Plain, PlainValue } from './schema.js';

/** What a server chose for itself and another server may choose differently. */
export interface ServerIdentity {
  clusterId: string;
  memberId: string;
  peerUrl: string;
  clientUrl: string;
  /** Names of the leases whose ids the server chose, by id. */
  chosenLeases: ReadonlyMap<string, string>;
}

const LONG_TEXT = 120;

/** Replaces ids, addresses and long texts by names, so that equal behaviour is equal JSON. */
export function normalise(value: PlainValue, identity: ServerIdentity): PlainValue {
  if (typeof value === 'string') return normaliseText(value, identity);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => normalise(item, identity));
  const result: Plain = {};
  for (const [name, item] of Object.entries(value)) {
    if (name === 'header') result.header = normaliseHeader(item as Plain, identity);
    else if (ID_FIELDS.has(name)) result[name] = normaliseId(item, identity);
    else if (UNORDERED_FIELDS.has(name)) result[name] = sorted(normalise(item, identity));
    else result[name] = normalise(item, identity);
  }
  return result;
}

/** Lists that Go takes from a map, in any order. */
const UNORDERED_FIELDS = new Set(['alarms', 'errors', 'keys']);

function sorted(value: PlainValue): PlainValue {
  if (!Array.isArray(value)) return value;
  return [...value].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const ID_FIELDS = new Set(['ID', 'lease', 'memberID', 'leader', 'targetID']);

function normaliseId(value: PlainValue, identity: ServerIdentity): PlainValue {
  const id = String(value);
  if (id === identity.memberId) return '$member';
  const lease = identity.chosenLeases.get(id);
  return lease === undefined ? value : `$lease ${lease}`;
}

/** A full header shrinks to its revision; what is missing in it or wrong stays visible. */
function normaliseHeader(header: Plain, identity: ServerIdentity): Plain {
  const { cluster_id, member_id, raft_term, ...rest } = header;
  const filled = [
    String(cluster_id) === identity.clusterId ? '' : `cluster ${cluster_id ?? 'missing'}`,
    String(member_id) === identity.memberId ? '' : `member ${member_id ?? 'missing'}`,
    Number(raft_term) > 0 ? '' : 'term missing',
  ].filter((complaint) => complaint !== '');
  return filled.length === 0 ? rest : { ...rest, filled: filled.join(', ') };
}

function normaliseText(text: string, identity: ServerIdentity): string {
  if (text === identity.peerUrl) return '$peerUrl';
  if (text === identity.clientUrl) return '$clientUrl';
  if (text.includes(identity.memberId)) return text.replaceAll(identity.memberId, '$member');
  if (text.length <= LONG_TEXT) return text;
  const digest = createHash('sha256').update(text, 'latin1').digest('hex').slice(0, 16);
  return `${text.slice(0, 24)}… (${text.length} bytes, ${digest})`;
}

/** Error texts: some builds of Go's protobuf put a no-break space behind `proto:`. */
export function normaliseErrorText(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

/** How much later than granted a remaining time may have been read. */
const TTL_TOLERANCE_SECONDS = 5;

/** Parts of single responses that depend on time, chance or the disk. */
export function normaliseResponse(method: string, response: Plain): Plain {
  if (method === 'LeaseTimeToLive') return normaliseTimeToLive(response);
  if (method === 'Status') return normaliseStatus(response);
  return response;
}

function normaliseTimeToLive(response: Plain): Plain {
  const remaining = Number(response.TTL ?? 0);
  const granted = Number(response.grantedTTL ?? 0);
  const isRecent = granted - remaining >= 0 && granted - remaining <= TTL_TOLERANCE_SECONDS;
  const result: Plain = { ...response };
  if (granted > 0 && isRecent) result.TTL = 'about the granted one';
  return result;
}

/** Sizes and log positions differ; the number of spaces in alarm texts depends on the build. */
function normaliseStatus(response: Plain): Plain {
  const result: Plain = { ...response };
  for (const name of ['dbSize', 'dbSizeInUse', 'raftIndex', 'raftAppliedIndex', 'raftTerm']) {
    if (Number(result[name]) > 0) result[name] = 'above 0';
  }
  if (Array.isArray(response.errors)) {
    result.errors = response.errors.map((text) => String(text).replaceAll(/ +/g, ' '));
  }
  return result;
}
