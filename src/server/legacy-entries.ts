import {
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
} from '../proto/generated/membershippb.js';
import { type InternalRequest, RequestKind } from '../proto/internal-request.js';
import { encodeLegacyPut, type LegacyRequest } from '../proto/legacy-request.js';

const ATTRIBUTES_PATH = /^\/0\/members\/([0-9a-f]{1,16})\/attributes$/;
const VERSION_PATH = '/0/version';

/**
 * What a request to etcd's former store means today (formats.md §8.2); undefined: nothing, since only
 * what concerns the cluster itself was carried over.
 */
export function translateLegacyRequest(legacy: LegacyRequest): InternalRequest | undefined {
  const { method, path, value, idPrefix, idSuffix } = legacy;
  if (method !== 'PUT') return undefined;
  if (path === VERSION_PATH) {
    const body = ClusterVersionSetRequest.encode({ ver: value });
    return { kind: RequestKind.clusterVersionSet, body, idPrefix, idSuffix };
  }
  const [, id] = ATTRIBUTES_PATH.exec(path) ?? [];
  if (id === undefined) return undefined;
  const memberAttributes = parseAttributes(value);
  const body = ClusterMemberAttrSetRequest.encode({
    memberId: BigInt(`0x${id}`),
    memberAttributes,
  });
  return { kind: RequestKind.clusterMemberAttrSet, body, idPrefix, idSuffix };
}

/** The same the other way round: what members before 3.5 are told of a member's name and URLs. */
export function encodeLegacyAttributes(
  { memberId, memberAttributes }: ClusterMemberAttrSetRequest,
  idPrefix: number,
  idSuffix: number,
): Buffer {
  const { name = '', clientUrls = [] } = memberAttributes ?? {};
  const value = JSON.stringify({ name, clientURLs: clientUrls });
  const path = `/0/members/${memberId.toString(16)}/attributes`;
  return encodeLegacyPut(path, value, idPrefix, idSuffix);
}

/** Throws SyntaxError for what no member writes. */
function parseAttributes(text: string): { name: string; clientUrls: string[] } {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new SyntaxError('not attributes');
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const name = fields.get('name');
  const urls = fields.get('clientURLs');
  return {
    name: typeof name === 'string' ? name : '',
    clientUrls: Array.isArray(urls) ? urls.map(String) : [],
  };
}
