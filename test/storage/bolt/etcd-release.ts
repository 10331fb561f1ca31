import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runCommand } from '../../support/command.js';
import {
  findOnPath,
  missingProgramNotice,
  type Program,
  programAt,
} from '../../support/programs.js';

/** What a tool says about a database file. */
export interface ToolStatus {
  hash: number;
  revision: number;
  totalKey: number;
  totalSize: number;
  /** Since 3.6. */
  version?: string;
}

/** The programs of one release of real etcd that read database files. */
export interface EtcdRelease {
  readonly label: string;
  /** Whether the tool counts live keys, as it does since 3.6, or the pairs of all buckets. */
  readonly countsLiveKeys: boolean;
  /** `snapshot status`, which also runs bbolt's own check of the file. Throws if the tool refuses. */
  status(file: string): Promise<ToolStatus>;
  /** `snapshot restore` of a file with a SHA-256 into a new data folder. Throws if the tool refuses. */
  restore(file: string, dataFolder: string): Promise<void>;
  /** The etcd that starts on what was restored. */
  readonly etcd: Program;
}

/**
 * Debian's etcd, from PATH; undefined after the test was skipped with a notice that says what to
 * install.
 */
export function requireDebianRelease(test: TestContext): EtcdRelease | undefined {
  const tool = findOnPath('etcdctl');
  const etcd = findOnPath('etcd');
  if (tool === undefined || etcd === undefined) {
    test.skip(missingProgramNotice(tool === undefined ? 'etcdctl' : 'etcd'));
    return undefined;
  }
  return release('etcdctl of Debian', tool, etcd, false);
}

/**
 * The release whose `etcd` and `etcdutl` are in the folder that KVORUM_ETCD_RELEASE names (3.6 or
 * later); undefined after the test was skipped with a notice.
 */
export function requireNewRelease(test: TestContext): EtcdRelease | undefined {
  const folder = process.env.KVORUM_ETCD_RELEASE;
  if (folder === undefined) {
    test.skip('KVORUM_ETCD_RELEASE names no folder with etcd and etcdutl, 3.6 or later');
    return undefined;
  }
  const [tool, etcd] = [join(folder, 'etcdutl'), join(folder, 'etcd')];
  if (!existsSync(tool)) throw new Error(`there is no etcdutl in ${folder}`);
  return release(`etcdutl of ${folder}`, tool, etcd, true);
}

function release(label: string, tool: string, etcd: string, countsLiveKeys: boolean): EtcdRelease {
  const run = async (...args: string[]): Promise<string> => {
    const environment = { ETCDCTL_API: '3' };
    const result = await runCommand(tool, ['snapshot', ...args], { environment });
    if (result.exitCode !== 0) throw new Error(`${label} ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  };
  return {
    label,
    countsLiveKeys,
    etcd: programAt(etcd),
    status: async (file) => JSON.parse(await run('status', file, '-w', 'json')),
    restore: async (file, dataFolder) => {
      await run('restore', file, '--data-dir', dataFolder);
    },
  };
}
