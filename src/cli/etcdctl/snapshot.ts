import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Command, CommandGroup, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { openErrorText } from './file-errors.js';
import { SNAPSHOT } from './methods.js';
import { ProgressBar } from './progress-bar.js';
import type { Session } from './session.js';

/** SHA-256 behind the pages, which are a multiple of this (formats.md §6). */
const DIGEST_BYTES = 32;
const SECTOR_BYTES = 512;

const failed = (message: string): CommandError => new CommandError(EXIT.interrupted, message);

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Writes what the server sends, and makes it durable; tells the server's version. */
async function receive(session: Session, file: FileHandle): Promise<string> {
  const { options } = session;
  const connection = await session.connect();
  const timeoutMs = options.isGiven('command-timeout')
    ? session.commandTimeoutMs
    : Number.POSITIVE_INFINITY;
  const progress = new ProgressBar(session.terminal, 'Saving the snapshot');
  let sizeBytes = 0;
  let version = '';
  try {
    for await (const message of connection.serverStream(SNAPSHOT, {}, timeoutMs)) {
      await file.writeFile(message.blob);
      sizeBytes += message.blob.length;
      version = message.version;
      progress.show(sizeBytes, sizeBytes + Number(message.remainingBytes));
    }
  } finally {
    progress.finish();
  }
  if (sizeBytes % SECTOR_BYTES !== DIGEST_BYTES) {
    throw failed(`sha256 checksum not found [bytes: ${sizeBytes}]`);
  }
  await file.sync();
  return version;
}

/** The file gets its name only when it is complete. */
async function runSave(session: Session, invocation: Invocation): Promise<void> {
  const [path] = invocation.arguments;
  if (path === undefined || invocation.arguments.length > 1) {
    const message = 'snapshot save expects one argument <filename>';
    throw new CommandError(EXIT.badArguments, message);
  }
  await session.prepare();
  const endpoints = await session.endpoints();
  if (endpoints.length !== 1) {
    const list = `[${endpoints.join(' ')}]`;
    throw failed(`snapshot must be requested to one selected node, not multiple ${list}`);
  }
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600).catch((error: unknown) => {
    throw failed(`could not open ${part} (${openErrorText(part, error)})`);
  });
  let version: string;
  try {
    version = await receive(session, file);
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error instanceof CommandError ? error : failed(messageOf(error));
  }
  session.terminal.write(`Snapshot saved at ${path}\n`);
  if (version !== '') session.terminal.write(`Server version ${version}\n`);
}

const EXAMPLES = [
  '# A backup of the member at --endpoints',
  'etcdctl snapshot save /backup/etcd.db',
  '',
  '# With the certificates that kubeadm makes',
  'etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt \\',
  '  --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key \\',
  '  snapshot save /backup/etcd.db',
].join('\n');

const save: Command = {
  usage: 'snapshot save <filename>',
  summary: 'Saves the state of a member to a file, from which etcdutl can restore it',
  options: [],
  examples: EXAMPLES,
  run: runSave,
};

export const snapshot: CommandGroup = {
  summary: 'Saves backups',
  options: [],
  examples: EXAMPLES,
  commands: { save },
};
