/**
 * The peer room: Raft messages between members in etcd's peer protocol (formats.md §7).
 * {@link PeerTransport} is one member's end of it; {@link ClusterQueries} asks other members what a
 * member must know before it has one.
 */
export {
  ClusterQueries,
  type ClusterQueriesDependencies,
  type ClusterQueriesOptions,
  type ListedCluster,
  type ListedMember,
  type MemberHash,
  type MemberRequest,
  type MemberVersions,
  parseMembers,
} from './cluster-queries.js';
export {
  type ConnectorRequest,
  NodePeerConnector,
  type PeerConnector,
  type PeerTls,
  type PeerTlsOptions,
} from './connector.js';
export {
  FrameTooLargeError,
  FrameTruncatedError,
  PeerProtocolError,
  PeerRequestError,
  PeerUrlError,
} from './errors.js';
export { parseId } from './headers.js';
export { decodeMessage } from './message-decoder.js';
export { encodeMessage } from './message-encoder.js';
export type {
  OutgoingSnapshot,
  PeerHandlers,
  PeerTransportDependencies,
  PeerTransportOptions,
} from './options.js';
export type { PeerUrl } from './peer-url.js';
export type { Answer } from './request-scope.js';
export { compareMinor, parseVersion, type SemanticVersion } from './semantic-version.js';
export { PEER_SERVER_OPTIONS } from './server-options.js';
export { type PeerStatistics, PeerTransport } from './transport.js';
