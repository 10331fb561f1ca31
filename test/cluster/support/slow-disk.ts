import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Member } from '../../support/member.js';
import type { Program } from '../../support/programs.js';

/**
 * A slow disk for one member, without privileges.
 *
 * For a server that Node runs, it is that: syncs take longer, all else goes on (see the preload). The
 * member keeps its heartbeats while its log lags, which is what makes slow disks worse than dead ones.
 * A native program cannot be reached so; it is stopped and continued in turns, which models a member
 * whose every step stalls for the time of a sync, heartbeats included.
 */
export class SlowDisk {
  private readonly file: string;
  private stutter: NodeJS.Timeout | undefined;

  /** `file` is written to switch the disk; it belongs to one member. */
  constructor(file: string) {
    this.file = file;
  }

  /** Environment variables with which the member must be started. */
  environmentFor(program: Program): Record<string, string> {
    if (!isNode(program)) return {};
    const preload = fileURLToPath(new URL('./slow-disk-preload.js', import.meta.url));
    return {
      NODE_OPTIONS: `--import=${pathToFileURL(preload).href}`,
      KVORUM_TEST_SYNC_DELAY_FILE: this.file,
    };
  }

  /** From now on each sync of the running member takes `delayMs` longer. */
  slowDown(member: Member, delayMs: number): void {
    if (isNode(member.program)) writeFileSync(this.file, String(delayMs));
    else {
      let isStopped = false;
      this.stutter = setInterval(() => {
        isStopped = !isStopped;
        member.signal(isStopped ? 'SIGSTOP' : 'SIGCONT');
      }, delayMs);
    }
  }

  /** The disk is as fast as it was. */
  recover(member: Member): void {
    rmSync(this.file, { force: true });
    clearInterval(this.stutter);
    member.signal('SIGCONT');
  }
}

function isNode({ command }: Program): boolean {
  return command === process.execPath;
}
