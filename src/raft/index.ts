/**
 * The Raft room: the consensus state machine (Raft paper and thesis; the shape of etcd-io/raft).
 * {@link RawNode} is one member; {@link MemoryStorage} holds its log in memory.
 */
export {
  confChangeOfEntry,
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
} from './confchange/codec.js';
export {
  type AnyConfChange,
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  confChangeEntryType,
  isConfChangeV2,
  toConfChangeV2,
} from './confchange/types.js';
export { entriesSizeBytes, entrySizeBytes, NO_LIMIT } from './entry-size.js';
export * from './errors.js';
export { MemoryStorage } from './memory-storage.js';
export {
  createMessage,
  isLocalMessageType,
  isLocalTarget,
  isResponseMessageType,
  type MessageFields,
} from './messages.js';
export { type RaftDependencies, type RaftOptions, ReadOnlyOption } from './options.js';
export { type BootstrapPeer, RawNode } from './raw-node.js';
export type { Ready } from './ready.js';
export type { BasicStatus, ProgressStatus, Status } from './status.js';
export type { InitialState, Storage } from './storage.js';
export { type Configuration, formatConfiguration, isJoint } from './tracker/configuration.js';
export { ProgressState } from './tracker/progress.js';
export * from './types.js';
