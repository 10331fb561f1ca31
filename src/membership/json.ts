/**
 * JSON as Go's encoding/json writes it, for what etcd stores as JSON (formats.md §1.4): ids are bare
 * numbers beyond 2^53, so JSON.parse and JSON.stringify alone would round them.
 */
import type { Member } from './member.js';

/** Go escapes these in strings so that JSON can stand in HTML and JavaScript. */
const GO_ESCAPES = /[<>&\u2028\u2029]/g;

function goString(text: string): string {
  return JSON.stringify(text).replace(
    GO_ESCAPES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const goStrings = (list: readonly string[]): string => `[${list.map(goString).join(',')}]`;

/** A member as conf change contexts and the `members` bucket hold it. */
export function encodeMember(member: Member): string {
  const parts = [`"id":${member.id}`, `"peerURLs":${goStrings(member.peerUrls)}`];
  if (member.isLearner) parts.push('"isLearner":true');
  if (member.name !== '') parts.push(`"name":${goString(member.name)}`);
  if (member.clientUrls.length > 0) parts.push(`"clientURLs":${goStrings(member.clientUrls)}`);
  return `{${parts.join(',')}}`;
}

/** The context of a promotion: the promoted member, of which only the id is told. */
export function encodePromotion(id: bigint): string {
  return `{"id":${id},"peerURLs":null,"isPromote":true}`;
}

/** A decoded member; `isPromote` stands only in the context of a promotion. */
export interface DecodedMember extends Member {
  readonly isPromote: boolean;
}

/** Reads what {@link encodeMember}, or a real etcd, wrote. Throws SyntaxError. */
export function decodeMember(text: string): DecodedMember {
  // The id is the only number in it: quote it, so that it keeps its 64 bits.
  const quoted = text.replace(/"id"\s*:\s*(\d+)/, '"id":"$1"');
  const parsed: unknown = JSON.parse(quoted);
  if (typeof parsed !== 'object' || parsed === null) throw new SyntaxError('not a member');
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const id = fields.get('id');
  if (typeof id !== 'string') throw new SyntaxError('a member without an id');
  return {
    id: BigInt(id),
    peerUrls: stringList(fields.get('peerURLs')),
    isLearner: fields.get('isLearner') === true,
    name: typeof fields.get('name') === 'string' ? String(fields.get('name')) : '',
    clientUrls: stringList(fields.get('clientURLs')),
    isPromote: fields.get('isPromote') === true,
  };
}

function stringList(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((element): element is string => typeof element === 'string');
}
