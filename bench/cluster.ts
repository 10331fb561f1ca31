import { Cluster } from '../test/cluster/support/cluster.js';
import type { ClusterMember } from '../test/cluster/support/cluster-member.js';
import { CleanupList } from '../test/support/cleanup.js';
import { etcdVersion } from '../test/support/programs.js';
import type { Contender } from './contenders.js';
import { memoryOf } from './processes.js';
import { SERVER_FLAGS } from './server.js';

/** That members serve is known from their default logs; etcd 3.4 does not tell it as JSON. */
const FLAGS = SERVER_FLAGS.filter((flag) => !flag.startsWith('--log'));
/** Lone servers log errors only: members, too, shall not write a line for each slow request. */
const QUIET_FLAGS = ['--warning-unary-request-duration=1h', '--warning-apply-duration=1h'];

/** However this process ends, no member outlives it. */
const running = new Set<Cluster>();
process.once('exit', () => {
  for (const { members } of running) {
    for (const { pid } of members) if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
});

/** What a load is put on: one member, and whose CPU time counts beside it. */
export interface LoadTarget {
  readonly clientPort: number;
  readonly pid: number;
  readonly otherPids: readonly number[];
}

/** Three fresh members on 127.0.0.1. */
export class BenchCluster {
  readonly cluster: Cluster;
  private readonly cleanup: CleanupList;

  private constructor(cluster: Cluster, cleanup: CleanupList) {
    this.cluster = cluster;
    this.cleanup = cleanup;
  }

  static async start(contender: Contender, flags: readonly string[]): Promise<BenchCluster> {
    const cleanup = new CleanupList();
    const { program } = contender;
    // etcd 3.4 neither writes these lines nor knows the flags.
    const quiet = etcdVersion(program).startsWith('3.4.') ? [] : QUIET_FLAGS;
    const options = { size: 3, program, flags: [...FLAGS, ...quiet, ...flags] };
    try {
      const cluster = await Cluster.start(cleanup, options);
      running.add(cluster);
      return new BenchCluster(cluster, cleanup);
    } catch (error) {
      await cleanup.run();
      throw error;
    }
  }

  /** A load on this member, which the others take part in. */
  target(member: ClusterMember): LoadTarget {
    const otherPids = this.cluster.others(member).map(pidOf);
    return { clientPort: member.clientPort, pid: pidOf(member), otherPids };
  }

  /** The most memory that all members together have held, at most. */
  get peakMegabytes(): number {
    const peaks = this.cluster.members.map((member) => memoryOf(pidOf(member)).peakMegabytes);
    return peaks.reduce((sum, peak) => sum + peak, 0);
  }

  async remove(): Promise<void> {
    await this.cleanup.run();
    running.delete(this.cluster);
  }
}

function pidOf({ pid, name }: ClusterMember): number {
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}
