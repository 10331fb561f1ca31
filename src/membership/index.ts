export { Cluster, type MembershipRecords } from './cluster.js';
export { clusterId, formatId, memberId } from './ids.js';
export { type DecodedMember, decodeMember, encodeMember } from './json.js';
export type { Member } from './member.js';
