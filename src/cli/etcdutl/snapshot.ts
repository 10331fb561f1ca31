import { existsSync } from 'node:fs';
import { systemClock } from '../../base/clock.js';
import { verifyBootstrap } from '../../config/bootstrap.js';
import { StartError } from '../../config/errors.js';
import { defaultConfig } from '../../config/index.js';
import { restoreSnapshot, snapshotStatus } from '../../embed/snapshot-files.js';
import type { Command, CommandGroup, Invocation } from '../etcdctl/command.js';
import { CommandError, EXIT } from '../etcdctl/exit.js';
import { booleanOption, integerOption, type OptionSpec, textOption } from '../etcdctl/options.js';
import type { UtlContext } from './context.js';
import { rowPrinter, statusRow } from './output.js';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

function onlyFile(invocation: Invocation, name: string): string {
  const [path] = invocation.arguments;
  if (path === undefined || invocation.arguments.length > 1) {
    throw badArguments(`snapshot ${name} requires exactly one argument`);
  }
  return path;
}

/** @throws CommandError in Go's words */
export function mustExist(path: string, call = 'stat'): void {
  if (existsSync(path)) return;
  throw new CommandError(EXIT.error, `${call} ${path}: no such file or directory`);
}

const status: Command<UtlContext> = {
  usage: 'snapshot status <filename>',
  summary: 'Shows hash, newest revision, number of keys and size of a snapshot file',
  options: [],
  async run({ terminal, options }, invocation) {
    const path = onlyFile(invocation, 'status');
    mustExist(path);
    const print = rowPrinter(options.text('write-out'));
    terminal.write(print(statusRow(await snapshotStatus(path))));
  },
};

/** The members of the new cluster, checked as those of a member that starts. */
function initialMembers({ options }: Invocation) {
  try {
    const cluster = verifyBootstrap({
      ...defaultConfig(),
      name: options.text('name'),
      initialCluster: options.text('initial-cluster'),
      initialClusterState: 'new',
      initialAdvertisePeerUrls: options.text('initial-advertise-peer-urls').split(','),
    });
    return [...cluster].map(([name, peerUrls]) => ({ name, peerUrls }));
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(EXIT.error, error.message);
    throw error;
  }
}

async function runRestore({ logger }: UtlContext, invocation: Invocation): Promise<void> {
  const { options } = invocation;
  const snapshotPath = onlyFile(invocation, 'restore');
  const revisionBump = options.integer('bump-revision');
  if (revisionBump > 0 !== options.boolean('mark-compacted')) {
    throw badArguments('--mark-compacted required if --revision-bump > 0');
  }
  const name = options.text('name');
  const members = initialMembers(invocation);
  mustExist(snapshotPath, 'open');
  await restoreSnapshot(
    {
      snapshotPath,
      dataDir: options.text('data-dir') || `${name}.etcd`,
      walDir: options.text('wal-dir'),
      name,
      initialMembers: members,
      initialClusterToken: options.text('initial-cluster-token'),
      skipHashCheck: options.boolean('skip-hash-check'),
      revisionBump,
    },
    { clock: systemClock, logger },
  );
}

const PEER_URL = 'http://localhost:2380';

const RESTORE_OPTIONS: readonly OptionSpec[] = [
  textOption('data-dir', '', 'the data directory to make; by default <name>.etcd'),
  textOption('wal-dir', '', 'folder of the log, if not in the data directory'),
  textOption('initial-cluster', `default=${PEER_URL}`, 'members of the new cluster'),
  textOption('initial-cluster-token', 'etcd-cluster', 'token of the new cluster'),
  textOption('initial-advertise-peer-urls', PEER_URL, 'peer URLs of this member'),
  textOption('name', 'default', 'name of this member'),
  booleanOption('skip-hash-check', 'take files without a SHA-256, as they lie in an etcd’s folder'),
  {
    ...integerOption('initial-memory-map-size', 'taken and not needed'),
    kind: 'unsigned',
  },
  {
    ...integerOption('bump-revision', 'go on so many revisions after the newest of the file'),
    kind: 'unsigned',
  },
  booleanOption('mark-compacted', 'nothing before that can be read; needed with --bump-revision'),
];

const restore: Command<UtlContext> = {
  usage: 'snapshot restore <filename> --data-dir {output dir} [options]',
  summary: 'Makes the data directory of a member out of a snapshot file',
  options: RESTORE_OPTIONS,
  run: runRestore,
};

export const snapshot: CommandGroup<UtlContext> = {
  summary: 'Looks into snapshot files and restores them',
  options: [],
  commands: { restore, status },
};
