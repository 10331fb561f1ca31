import type { Command } from './command.js';
import { completionCommand } from './completion-scripts.js';
import { ETCDCTL } from './registry.js';

export const completion: Command = completionCommand(ETCDCTL);
