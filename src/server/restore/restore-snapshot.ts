import { existsSync } from 'node:fs';
import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { encodeMember, formatId } from '../../membership/index.js';
import { encodeMainRevision, mainOfRevisionKey } from '../../mvcc/revision-key.js';
import {
  Backend,
  BUCKET_NAMES,
  Bucket,
  CONSISTENT_INDEX_KEY,
  TERM_KEY,
} from '../../storage/backend/index.js';
import { nodeDisk } from '../../storage/disk.js';
import { makeFolder } from '../../storage/make-folder.js';
import { Snapshotter } from '../../storage/snap/index.js';
import { simpleConfState } from '../../storage/wal/index.js';
import { type Founding, foundingOf } from '../bootstrap/founding.js';
import type { InitialMember } from '../options.js';
import { encodeConfState } from '../snapshot-file.js';
import { RestoreError } from './errors.js';
import { FOUNDING_TERM, writeFoundingLog } from './founding-log.js';
import { SnapshotFile } from './snapshot-file.js';

export interface RestoreOptions {
  readonly snapshotPath: string;
  /** Created; it must not exist, or be empty. */
  readonly dataDir: string;
  /** Empty: `member/wal` below the data directory. Otherwise a folder that does not exist. */
  readonly walDir: string;
  readonly name: string;
  /** The members of the new cluster, this one among them. */
  readonly initialMembers: readonly InitialMember[];
  readonly initialClusterToken: string;
  /** Take the file without its SHA-256, or whatever that says. */
  readonly skipHashCheck: boolean;
  /**
   * The store goes on so many revisions later, and everything before counts as compacted: clients
   * that knew more than the backup never see a revision twice. 0 = as in the file.
   */
  readonly revisionBump: number;
}

export interface RestoreDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is built; renamed to `member` when it is complete. */
const PART = 'member.part';

const CONF_STATE_KEY = Buffer.from('confState');
const SCHEDULED_COMPACTION_KEY = Buffer.from('scheduledCompactRev');
const CLUSTER_VERSION_KEY = Buffer.from('clusterVersion');

/** Buckets and keys that the new cluster has its own of. */
const NEW_BUCKETS: ReadonlySet<string> = new Set([Bucket.members, Bucket.membersRemoved]);
const NEW_META_KEYS = [CONSISTENT_INDEX_KEY, TERM_KEY, CONF_STATE_KEY];

/**
 * Makes the data directory of a member out of a snapshot file of kvorum or etcd (formats.md §6): its
 * keys, revisions, leases, users and alarms, in a new cluster. Everything of the file is checked before
 * the first byte is written; a failure leaves nothing behind.
 *
 * Throws RestoreError, BoltCorruptError, or the error of node:fs.
 */
export async function restoreSnapshot(
  options: RestoreOptions,
  dependencies: RestoreDependencies,
): Promise<void> {
  const { dataDir, walDir } = options;
  const cluster = foundingOf(options);
  await checkTargets(dataDir, walDir);
  const file = await SnapshotFile.open(options.snapshotPath);
  try {
    if (!options.skipHashCheck) await file.checkDigest();
    await file.checkPages();
    const fields = { path: options.snapshotPath, 'data-dir': dataDir };
    dependencies.logger.info('restoring snapshot', fields);
    await build(options, dependencies, file, cluster);
    dependencies.logger.info('restored snapshot', fields);
  } finally {
    await file.close();
  }
}

async function checkTargets(dataDir: string, walDir: string): Promise<void> {
  const entries = existsSync(dataDir) ? await readdir(dataDir).catch(() => undefined) : [];
  // What a restore left that was killed holds nothing of value.
  if (entries === undefined || entries.some((entry) => entry !== PART)) {
    throw new RestoreError(`data-dir ${JSON.stringify(dataDir)} not empty or could not be read`);
  }
  if (walDir !== '' && existsSync(walDir)) {
    throw new RestoreError(`wal-dir ${JSON.stringify(walDir)} exists`);
  }
}

async function build(
  options: RestoreOptions,
  dependencies: RestoreDependencies,
  file: SnapshotFile,
  cluster: Founding,
): Promise<void> {
  const { dataDir, walDir } = options;
  const isNew = !existsSync(dataDir);
  const part = join(dataDir, PART);
  await rm(part, { recursive: true, force: true });
  await makeFolder(part);
  try {
    const clusterVersion = await fillBackend(join(part, 'backend'), options, dependencies, {
      file,
      cluster,
    });
    const logger = dependencies.logger.child('storage');
    const snapshotter = new Snapshotter(
      { directory: join(part, 'snap') },
      { disk: nodeDisk, logger },
    );
    await snapshotter.prepare();
    if (walDir !== '') await makeFolder(dirname(walDir));
    const walFolder = walDir === '' ? join(part, 'wal') : walDir;
    const { clock } = dependencies;
    await writeFoundingLog(walFolder, cluster, { clock, logger, snapshotter, clusterVersion });
    await nodeDisk.syncDirectory(part);
    await rename(part, join(dataDir, 'member'));
    await nodeDisk.syncDirectory(dataDir);
    await nodeDisk.syncDirectory(dirname(dataDir));
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (walDir !== '') await rm(walDir, { recursive: true, force: true });
    if (isNew) await rmdir(dataDir).catch(() => {});
    throw error;
  }
}

/** Copies what stays, adds what is new; durable when it resolves. Tells the cluster version. */
async function fillBackend(
  path: string,
  options: RestoreOptions,
  { clock, logger }: RestoreDependencies,
  { file, cluster }: { readonly file: SnapshotFile; readonly cluster: Founding },
): Promise<string | undefined> {
  const backend = await Backend.open({ path }, { clock, logger: logger.child('storage/backend') });
  try {
    const latestRevision = await copyBuckets(file, backend, logger);
    for (const member of cluster.members) {
      const key = Buffer.from(formatId(member.id));
      backend.put(Bucket.members, key, Buffer.from(encodeMember(member)));
    }
    const voters = simpleConfState(cluster.members.map(({ id }) => id));
    backend.put(Bucket.meta, CONF_STATE_KEY, encodeConfState(voters));
    if (options.revisionBump > 0) bumpRevision(backend, latestRevision, options, logger);
    backend.setConsistentIndex(cluster.members.length, FOUNDING_TERM);
    await backend.sync();
    return backend.getSync(Bucket.cluster, CLUSTER_VERSION_KEY)?.toString();
  } finally {
    await backend.close();
  }
}

/** Returns the newest revision; 0 if there is none. */
async function copyBuckets(file: SnapshotFile, backend: Backend, logger: Logger): Promise<number> {
  let latestRevision = 0;
  for (const bucket of await file.buckets()) {
    const name = BUCKET_NAMES.find((known) => known === bucket.name);
    if (name === undefined) {
      logger.warn('left out a bucket that etcd has not', { bucket: bucket.name });
      continue;
    }
    if (NEW_BUCKETS.has(name)) continue;
    for await (const batch of bucket.scan()) {
      await backend.whenNotFull();
      for (const [key, value] of batch) {
        if (name === Bucket.meta && NEW_META_KEYS.some((own) => own.equals(key))) continue;
        // The batch shares the page that it was read from; the backend keeps what it is given.
        backend.put(name, Buffer.from(key), Buffer.from(value));
        if (name === Bucket.key) latestRevision = mainOfRevisionKey(key);
      }
      backend.commit();
    }
  }
  return latestRevision;
}

/** An empty record is the new newest revision, and a compaction up to it is due (formats.md §6). */
function bumpRevision(
  backend: Backend,
  latestRevision: number,
  { revisionBump }: RestoreOptions,
  logger: Logger,
): void {
  const revision = latestRevision + revisionBump;
  logger.info('bumping latest revision', {
    'latest-revision': latestRevision,
    'bump-amount': revisionBump,
    'new-latest-revision': revision,
  });
  backend.put(Bucket.key, encodeMainRevision(revision), Buffer.alloc(0));
  backend.put(Bucket.meta, SCHEDULED_COMPACTION_KEY, encodeMainRevision(revision));
}
