import {
  APPEND_THREAD,
  APPLY_THREAD,
  type ConfChangeSingle,
  ConfChangeType,
  type ConfState,
  confChangeOfEntry,
  type Entry,
  EntryType,
  formatNodeId,
  type HardState,
  isEmptySnapshot,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  type ProgressStatus,
  type Ready,
  type Snapshot,
  toConfChangeV2,
} from '../../../src/raft/index.js';

/** Raft's objects as the scenario files write them. */

const MESSAGE_NAMES: Readonly<Record<keyof typeof MessageType, string>> = {
  hup: 'MsgHup',
  beat: 'MsgBeat',
  propose: 'MsgProp',
  append: 'MsgApp',
  appendResponse: 'MsgAppResp',
  vote: 'MsgVote',
  voteResponse: 'MsgVoteResp',
  snapshot: 'MsgSnap',
  heartbeat: 'MsgHeartbeat',
  heartbeatResponse: 'MsgHeartbeatResp',
  unreachable: 'MsgUnreachable',
  snapshotStatus: 'MsgSnapStatus',
  checkQuorum: 'MsgCheckQuorum',
  transferLeader: 'MsgTransferLeader',
  timeoutNow: 'MsgTimeoutNow',
  readIndex: 'MsgReadIndex',
  readIndexResponse: 'MsgReadIndexResp',
  preVote: 'MsgPreVote',
  preVoteResponse: 'MsgPreVoteResp',
  storageAppend: 'MsgStorageAppend',
  storageAppendResponse: 'MsgStorageAppendResp',
  storageApply: 'MsgStorageApply',
  storageApplyResponse: 'MsgStorageApplyResp',
  forgetLeader: 'MsgForgetLeader',
};

const NAME_BY_TYPE = new Map<MessageType, string>();
const TYPE_BY_NAME = new Map<string, MessageType>();
for (const key of Object.keys(MessageType) as (keyof typeof MessageType)[]) {
  NAME_BY_TYPE.set(MessageType[key], MESSAGE_NAMES[key]);
  TYPE_BY_NAME.set(MESSAGE_NAMES[key], MessageType[key]);
}

/** The type of that name, for example `MsgApp`. Throws for an unknown one. */
export function messageTypeByName(name: string): MessageType {
  const type = TYPE_BY_NAME.get(name);
  if (type === undefined) throw new Error(`unknown message type ${name}`);
  return type;
}

const ENTRY_NAMES = new Map<EntryType, string>([
  [EntryType.normal, 'EntryNormal'],
  [EntryType.confChange, 'EntryConfChange'],
  [EntryType.confChangeV2, 'EntryConfChangeV2'],
]);

const CHANGE_LETTERS = new Map<ConfChangeType, string>([
  [ConfChangeType.addNode, 'v'],
  [ConfChangeType.addLearnerNode, 'l'],
  [ConfChangeType.removeNode, 'r'],
  [ConfChangeType.updateNode, 'u'],
]);

/** `v1 l2 r3 u4` as changes. */
export function parseChanges(text: string): ConfChangeSingle[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.map((word) => {
    const found = [...CHANGE_LETTERS].find(([, letter]) => letter === word[0]);
    if (found === undefined) throw new Error(`unknown input: ${word}`);
    return { type: found[0], nodeId: BigInt(word.slice(1)) };
  });
}

function describeTarget(id: NodeId): string {
  if (id === NO_NODE) return 'None';
  if (id === APPEND_THREAD) return 'AppendThread';
  return id === APPLY_THREAD ? 'ApplyThread' : formatNodeId(id);
}

export function describeEntry(entry: Entry): string {
  const change = confChangeOfEntry(entry);
  const text =
    change === undefined
      ? JSON.stringify(new TextDecoder().decode(entry.data))
      : toConfChangeV2(change)
          .changes.map(({ type, nodeId }) => `${CHANGE_LETTERS.get(type)}${nodeId}`)
          .join(' ');
  const suffix = text === '' ? '' : ` ${text}`;
  return `${entry.term}/${entry.index} ${ENTRY_NAMES.get(entry.type)}${suffix}`;
}

export function describeEntries(entries: readonly Entry[]): string {
  return entries.map((entry) => `${describeEntry(entry)}\n`).join('');
}

function describeConfState(state: ConfState): string {
  const list = (ids: readonly NodeId[]): string => `[${ids.join(' ')}]`;
  return (
    `Voters:${list(state.voters)} VotersOutgoing:${list(state.votersOutgoing)} ` +
    `Learners:${list(state.learners)} LearnersNext:${list(state.learnersNext)} ` +
    `AutoLeave:${state.autoLeave}`
  );
}

function describeSnapshot({ metadata }: Snapshot): string {
  const { index, term, confState } = metadata;
  return `Index:${index} Term:${term} ConfState:${describeConfState(confState)}`;
}

function describeHardState({ term, vote, commit }: HardState): string {
  return `Term:${term}${vote === NO_NODE ? '' : ` Vote:${vote}`} Commit:${commit}`;
}

export function describeMessage(message: Message, indent = ''): string {
  const { from, to, type, term, logTerm, index, entries, snapshot, responses } = message;
  let text =
    `${indent}${describeTarget(from)}->${describeTarget(to)} ` +
    `${NAME_BY_TYPE.get(type)} Term:${term} Log:${logTerm}/${index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (message.vote !== NO_NODE) text += ` Vote:${message.vote}`;
  const [first] = entries;
  if (first !== undefined && entries.length === 1) {
    text += ` Entries:[${describeEntry(first)}]`;
  } else if (entries.length > 1) {
    const lines = entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`);
    text += ` Entries:[${lines.join('')}\n${indent}]`;
  }
  if (snapshot !== undefined && !isEmptySnapshot(snapshot)) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(snapshot)}`;
  }
  if (responses.length > 0) {
    const lines = responses.map((response) => `\n${describeMessage(response, `${indent}  `)}`);
    text += ` Responses:[${lines.join('')}\n${indent}]`;
  }
  return text;
}

export function describeReady(ready: Ready): string {
  let text = '';
  if (ready.softState !== undefined) {
    text += `Lead:${ready.softState.leader} State:${ready.softState.state}\n`;
  }
  if (ready.hardState !== undefined) text += `HardState ${describeHardState(ready.hardState)}\n`;
  if (ready.readStates.length > 0) {
    const states = ready.readStates.map(
      ({ index, requestContext }) => `{${index} [${requestContext.join(' ')}]}`,
    );
    text += `ReadStates [${states.join(' ')}]\n`;
  }
  if (ready.entries.length > 0) text += `Entries:\n${describeEntries(ready.entries)}`;
  if (ready.snapshot !== undefined) text += `Snapshot ${describeSnapshot(ready.snapshot)}\n`;
  if (ready.committedEntries.length > 0) {
    text += `CommittedEntries:\n${describeEntries(ready.committedEntries)}`;
  }
  if (ready.messages.length > 0) {
    text += 'Messages:\n';
    for (const message of ready.messages) text += `${describeMessage(message)}\n`;
  }
  return text === '' ? '<empty Ready>' : `Ready MustSync=${ready.mustSync}:\n${text}`;
}

/** One line per node: `1: StateReplicate match=3 next=4 …`. */
export function describeProgress(progress: Iterable<ProgressStatus>): string {
  let text = '';
  for (const node of progress) {
    text += `${node.id}: ${node.state} match=${node.match} next=${node.next}`;
    if (node.isLearner) text += ' learner';
    if (node.isPaused) text += ' paused';
    if (node.pendingSnapshot > 0) text += ` pendingSnap=${node.pendingSnapshot}`;
    if (!node.recentActive) text += ' inactive';
    if (node.inflightCount > 0) text += ` inflight=${node.inflightCount}`;
    if (node.inflightFull) text += '[full]';
    text += '\n';
  }
  return text;
}
