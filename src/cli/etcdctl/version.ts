import { API_VERSION, SERVER_VERSION } from '../../base/version.js';
import type { Command } from './command.js';

export const version: Command = {
  usage: 'version',
  summary: 'prints the version of etcdctl',
  options: [],
  async run(session) {
    session.terminal.write(`etcdctl version: ${SERVER_VERSION}\nAPI version: ${API_VERSION}\n`);
  },
};
