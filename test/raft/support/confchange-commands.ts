import {
  enterJoint,
  leaveJoint,
  type Membership,
  simpleChange,
} from '../../../src/raft/confchange/changer.js';
import { ConfChangeError, formatConfiguration } from '../../../src/raft/index.js';
import { progressStatus } from '../../../src/raft/status.js';
import { EMPTY_CONFIGURATION } from '../../../src/raft/tracker/configuration.js';
import { argumentValues, type Block } from './datadriven.js';
import { describeProgress, parseChanges } from './describe.js';

function describeMembership({ configuration, progress }: Membership): string {
  const ids = [...progress.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  return `${formatConfiguration(configuration)}\n${describeProgress(ids.map(progressStatus))}`;
}

/** Runs the blocks of a configuration change scenario one after another. */
export function confChangeRunner(): (block: Block) => string {
  let membership: Membership = { configuration: EMPTY_CONFIGURATION, progress: new Map() };
  let lastIndex = 0;

  const changed = (block: Block): Membership => {
    const changes = parseChanges(block.input);
    const limits = { maxMessages: 10, maxBytes: Number.POSITIVE_INFINITY };
    const options = { lastIndex, limits };
    switch (block.command) {
      case 'simple':
        return simpleChange(membership, changes, options);
      case 'enter-joint': {
        const autoLeave = argumentValues(block, 'autoleave')[0] === 'true';
        return enterJoint(membership, changes, autoLeave, options);
      }
      case 'leave-joint':
        if (changes.length > 0) throw new ConfChangeError('this command takes no input');
        return leaveJoint(membership);
      default:
        throw new Error(`unknown command ${block.command}`);
    }
  };

  return (block) => {
    try {
      membership = changed(block);
      return describeMembership(membership);
    } catch (error) {
      if (error instanceof ConfChangeError) return error.message;
      throw error;
    } finally {
      lastIndex++;
    }
  };
}
