import { API_VERSION, SERVER_VERSION } from '../../base/version.js';
import type { Command } from '../etcdctl/command.js';
import type { UtlContext } from './context.js';

export const version: Command<UtlContext> = {
  usage: 'version',
  summary: 'Shows the version of etcdutl',
  options: [],
  async run({ terminal }) {
    terminal.write(`etcdutl version: ${SERVER_VERSION}\nAPI version: ${API_VERSION}\n`);
  },
};
