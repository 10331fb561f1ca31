import { hashKvOfFile } from '../../embed/snapshot-files.js';
import { UsageError } from '../etcdctl/arguments.js';
import type { Command } from '../etcdctl/command.js';
import { integerOption } from '../etcdctl/options.js';
import type { UtlContext } from './context.js';
import { hashRow, rowPrinter } from './output.js';
import { mustExist } from './snapshot.js';

export const hashkv: Command<UtlContext> = {
  usage: 'hashkv <filename>',
  summary: 'Shows the hash of the history in a snapshot file, as HashKV of a server',
  options: [integerOption('rev', 'revision up to which to hash, 0 for the newest')],
  async run({ terminal, options }, invocation) {
    const [path] = invocation.arguments;
    if (path === undefined || invocation.arguments.length > 1) {
      throw new UsageError(`accepts 1 arg(s), received ${invocation.arguments.length}`);
    }
    const print = rowPrinter(options.text('write-out'));
    mustExist(path);
    const revision = invocation.options.integer('rev');
    terminal.write(print(hashRow(await hashKvOfFile(path, revision))));
  },
};
