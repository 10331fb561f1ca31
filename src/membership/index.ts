export { changedId, type MembershipChange } from './change.js';
export {
  Cluster,
  type ClusterSettings,
  DEFAULT_MAX_LEARNERS,
  type MembershipRecords,
  quorumOf,
} from './cluster.js';
export { clusterId, formatId, memberId } from './ids.js';
export { type DecodedMember, decodeMember, encodeMember, encodePromotion } from './json.js';
export type { Member } from './member.js';
export { parseMemberUrls } from './member-urls.js';
