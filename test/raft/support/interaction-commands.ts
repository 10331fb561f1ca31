import {
  ConfChangeTransition,
  type ConfState,
  EMPTY_BYTES,
  type MessageType,
  ReadOnlyOption,
} from '../../../src/raft/index.js';
import { argumentValues, type Block, positionalNumbers } from './datadriven.js';
import { messageTypeByName, parseChanges } from './describe.js';
import {
  InteractionEnvironment,
  NODE_TEMPLATE,
  type NodeTemplate,
  type Recipient,
  type ScenarioNode,
} from './interaction-environment.js';

/** The commands of interaction scenarios. */

type Command = (environment: InteractionEnvironment, block: Block) => void;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function firstNode(environment: InteractionEnvironment, block: Block): ScenarioNode {
  return environment.node(Number(block.args[0]?.key));
}

function nodesOf(environment: InteractionEnvironment, block: Block): ScenarioNode[] {
  return positionalNumbers(block).map((number) => environment.node(number));
}

function addNodes(environment: InteractionEnvironment, block: Block): void {
  const template: { -readonly [Name in keyof NodeTemplate]: NodeTemplate[Name] } = {
    ...NODE_TEMPLATE,
  };
  const flag = (value: string): boolean => value === 'true';
  const confState: { -readonly [Name in keyof ConfState]: ConfState[Name] } = {
    voters: [],
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  let index = 0;
  let data = EMPTY_BYTES;
  for (const { key, values } of block.args.slice(1)) {
    const value = values.at(-1) ?? '';
    if (key === 'voters') confState.voters = values.map(BigInt);
    else if (key === 'learners') confState.learners = values.map(BigInt);
    else if (key === 'inflight') template.maxInflightMessages = Number(value);
    else if (key === 'index') index = Number(value);
    else if (key === 'content') data = encode(value);
    else if (key === 'async-storage-writes') template.asyncStorageWrites = flag(value);
    else if (key === 'prevote') template.preVote = flag(value);
    else if (key === 'checkquorum') template.checkQuorum = flag(value);
    else if (key === 'max-committed-size-per-ready') template.maxCommittedSizeBytes = Number(value);
    else if (key === 'disable-conf-change-validation') {
      template.disableConfChangeValidation = flag(value);
    } else if (key === 'step-down-on-removal') template.stepDownOnRemoval = flag(value);
    else if (key === 'read-only') {
      template.readOnlyOption =
        value === 'lease-based' ? ReadOnlyOption.leaseBased : ReadOnlyOption.safe;
    } else throw new Error(`unknown argument ${key}`);
  }
  template.appliedIndex = index;
  const count = Number(block.args[0]?.key);
  environment.addNodes(count, template, { data, metadata: { confState, index, term: 0 } });
}

function deliverMessages(environment: InteractionEnvironment, block: Block): void {
  let type: MessageType | undefined;
  const recipients: Recipient[] = [];
  for (const { key, values } of block.args) {
    if (values.length === 0) recipients.push({ id: BigInt(key), drop: false });
    else if (key === 'drop') {
      for (const value of values) recipients.push({ id: BigInt(value), drop: true });
    } else if (key === 'type') type = messageTypeByName(values[0] ?? '');
    else throw new Error(`unknown argument ${key}`);
  }
  if (environment.deliver(recipients, type) === 0) environment.output.writeLine('no messages');
}

/** Does `work` for every node named, under a title each if there are several. */
function forEachNode(
  environment: InteractionEnvironment,
  block: Block,
  title: string,
  work: (node: ScenarioNode) => void,
): void {
  const nodes = nodesOf(environment, block);
  for (const node of nodes) {
    if (nodes.length === 1) {
      work(node);
    } else {
      environment.output.writeLine(`> ${node.id} ${title}`);
      environment.output.indented(() => work(node));
    }
  }
}

function stabilize(environment: InteractionEnvironment, block: Block): void {
  const { output } = environment;
  const before = output.level;
  const [level] = argumentValues(block, 'log-level');
  if (level !== undefined) output.level = level;
  const nodes = nodesOf(environment, block);
  try {
    environment.stabilize(nodes.length > 0 ? nodes : environment.nodes);
  } finally {
    output.level = before;
  }
}

const TRANSITIONS = new Map<string, ConfChangeTransition>([
  ['auto', ConfChangeTransition.auto],
  ['implicit', ConfChangeTransition.jointImplicit],
  ['explicit', ConfChangeTransition.jointExplicit],
]);

function proposeConfChange(environment: InteractionEnvironment, block: Block): void {
  const name = argumentValues(block, 'transition')[0] ?? 'auto';
  const transition = TRANSITIONS.get(name);
  if (transition === undefined) throw new Error(`unknown transition ${name}`);
  const changes = parseChanges(block.input);
  const { raw } = firstNode(environment, block);
  if (argumentValues(block, 'v1')[0] !== 'true') {
    raw.proposeConfChange({ transition, changes, context: EMPTY_BYTES });
    return;
  }
  const [change] = changes;
  if (change === undefined || changes.length > 1 || transition !== ConfChangeTransition.auto) {
    throw new Error('v1 conf change can only have one operation and no transition');
  }
  raw.proposeConfChange({ id: 0n, ...change, context: EMPTY_BYTES });
}

function tick(environment: InteractionEnvironment, block: Block, ticks: number): void {
  const { raw } = firstNode(environment, block);
  for (let count = 0; count < ticks; count++) raw.tick();
}

const COMMANDS: Readonly<Record<string, Command>> = {
  _breakpoint: () => {},
  'add-nodes': addNodes,
  campaign: (environment, block) => firstNode(environment, block).raw.campaign(),
  compact: (environment, block) => {
    const node = firstNode(environment, block);
    node.storage.compact(Number(block.args[1]?.key));
    environment.printLog(node);
  },
  'deliver-msgs': deliverMessages,
  'process-ready': (environment, block) =>
    forEachNode(environment, block, 'handling Ready', (node) => environment.processReady(node)),
  'process-append-thread': (environment, block) =>
    forEachNode(environment, block, 'processing append thread', (node) =>
      environment.processAppendThread(node),
    ),
  'process-apply-thread': (environment, block) =>
    forEachNode(environment, block, 'processing apply thread', (node) =>
      environment.processApplyThread(node),
    ),
  'log-level': (environment, block) => {
    environment.output.level = block.args[0]?.key ?? '';
  },
  'raft-log': (environment, block) => environment.printLog(firstNode(environment, block)),
  'raft-state': (environment) => environment.printStates(),
  'set-randomized-election-timeout': (environment, block) => {
    const ticks = Number(argumentValues(block, 'timeout')[0]);
    firstNode(environment, block).raw.setRandomizedElectionTicks(ticks);
  },
  stabilize,
  status: (environment, block) => environment.printStatus(firstNode(environment, block)),
  'tick-election': (environment, block) =>
    tick(environment, block, firstNode(environment, block).options.electionTicks),
  'tick-heartbeat': (environment, block) =>
    tick(environment, block, firstNode(environment, block).options.heartbeatTicks),
  'transfer-leadership': (environment, block) => {
    const from = Number(argumentValues(block, 'from')[0]);
    const to = Number(argumentValues(block, 'to')[0]);
    environment.node(from).raw.transferLeader(environment.node(to).id);
  },
  'forget-leader': (environment, block) => firstNode(environment, block).raw.forgetLeader(),
  'send-snapshot': (environment, block) => {
    const [from, to] = nodesOf(environment, block);
    if (from === undefined || to === undefined) throw new Error('two nodes are needed');
    environment.sendSnapshot(from, to);
  },
  propose: (environment, block) => {
    const data = encode(block.args[1]?.key ?? '');
    firstNode(environment, block).raw.propose([data]);
  },
  'propose-conf-change': proposeConfChange,
  'report-unreachable': (environment, block) => {
    const [on, reported] = nodesOf(environment, block);
    if (on === undefined || reported === undefined) throw new Error('two nodes are needed');
    on.raw.reportUnreachable(reported.id);
  },
};

/** Runs blocks one after another on one group; each returns what it prints. */
export function interactionRunner(): (block: Block) => string {
  const environment = new InteractionEnvironment();
  return (block) => {
    const { output } = environment;
    output.clear();
    let failure = '';
    try {
      const command = COMMANDS[block.command];
      if (command === undefined) throw new Error(`unknown command ${block.command}`);
      command(environment, block);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failure = error.message;
    }
    return (output.isQuiet ? '' : output.text) + failure;
  };
}
