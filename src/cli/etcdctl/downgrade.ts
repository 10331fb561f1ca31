import { DowngradeRequest_DowngradeAction } from '../../proto/generated/etcdserverpb.js';
import type { Command, CommandGroup, Invocation } from './command.js';
import { CommandError, EXIT } from './exit.js';
import { DOWNGRADE } from './methods.js';
import { plainResult } from './output/plain.js';
import type { Session } from './session.js';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

function targetVersion(invocation: Invocation): string {
  const [version, ...others] = invocation.arguments;
  if (version === undefined) throw badArguments('TARGET_VERSION not provided');
  if (others.length > 0) throw badArguments('too many arguments');
  if (version === '') throw badArguments('target version not provided');
  return version;
}

async function request(
  session: Session,
  name: 'validate' | 'enable' | 'cancel',
  version: string,
): Promise<void> {
  const connection = await session.connect();
  const { VALIDATE, ENABLE, CANCEL } = DowngradeRequest_DowngradeAction;
  const action = { validate: VALIDATE, enable: ENABLE, cancel: CANCEL }[name];
  const response = await connection.unary(DOWNGRADE, { action, version }, session.commandTimeoutMs);
  const text = `Downgrade ${name} success, cluster version ${response.version}\n`;
  session.print(plainResult(response, DOWNGRADE, text, { json: { version: response.version } }));
}

const validate: Command = {
  usage: 'downgrade validate <TARGET_VERSION>',
  summary: 'Tells whether the cluster could go to that version',
  options: [],
  run: (session, invocation) => request(session, 'validate', targetVersion(invocation)),
};

const enable: Command = {
  usage: 'downgrade enable <TARGET_VERSION>',
  summary: 'Lets members of that version in',
  options: [],
  run: (session, invocation) => request(session, 'enable', targetVersion(invocation)),
};

const cancel: Command = {
  usage: 'downgrade cancel',
  summary: 'Goes back to the version of the members',
  options: [],
  run: (session) => request(session, 'cancel', ''),
};

export const downgrade: CommandGroup = {
  summary: 'Prepares the cluster for an older version',
  options: [],
  commands: { validate, enable, cancel },
};
