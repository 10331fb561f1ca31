import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../../src/base/clock.js';
import { type Logger, silentLogger } from '../../../src/base/logger.js';
import { systemRandom } from '../../../src/base/random.js';
import { NodePeerConnector } from '../../../src/peer/index.js';
import { type ConfState, EMPTY_CONF_STATE, type Snapshot } from '../../../src/raft/index.js';
import { type MemberData, openMemberData } from '../../../src/server/member-data.js';
import {
  IncomingSnapshots,
  type IncomingStep,
  type InstallStep,
  SnapshotInstaller,
} from '../../../src/server/snapshots/index.js';
import { nodeDisk } from '../../../src/storage/disk.js';
import { testDataPath } from '../../support/repository.js';

/** A database of a real etcd, as it stands behind a snapshot message, and what is known of it. */
export interface EtcdDatabase {
  readonly bytes: Buffer;
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  readonly leaseCount: number;
  readonly memberIds: readonly string[];
  readonly hashes: readonly { revision: number; hash: number; compactRevision: number }[];
}

export function etcdDatabase(version: '3.7.1' | '3.4.23'): EtcdDatabase {
  const path = (...parts: string[]): string => testDataPath('etcd-data', version, ...parts);
  const expected = JSON.parse(readFileSync(path('expected.json'), 'utf8'));
  return {
    bytes: gunzipSync(readFileSync(path('data-dir', 'member', 'snap', 'db.gz'))),
    index: expected.consistentIndex,
    term: expected.consistentTerm,
    revision: expected.revision,
    leaseCount: expected.leases.length,
    memberIds: expected.members.map((member: { id: string }) => member.id),
    hashes: expected.hashKV,
  };
}

/** Bytes as they come over the network, a piece in each turn of the event loop. */
export async function* streamOf(bytes: Buffer, pieceBytes = 32_768): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(start, start + pieceBytes);
  }
}

/** The log of the member that {@link foundMember} makes ends with this entry. */
export const OLD_INDEX = 3;
export const OLD_KEY = 'of-old';

const PEER_URLS = ['http://127.0.0.1:2380'];

/** Opens what a data directory holds, as the start of a member does. */
export function openMember(dataDir: string, logger: Logger = silentLogger): Promise<MemberData> {
  const options = {
    name: 'one',
    dataDir,
    walDir: '',
    initialMembers: [{ name: 'one', peerUrls: PEER_URLS }],
    initialClusterState: 'new' as const,
    initialClusterToken: 'token',
    advertisePeerUrls: PEER_URLS,
    advertiseClientUrls: ['http://127.0.0.1:2379'],
    strictReconfigCheck: true,
    maxLearners: 1,
    forceNewCluster: false,
    tickMs: 100,
    electionTicks: 10,
    initialElectionTickAdvance: true,
    peerTimeoutMs: 5000,
    preVote: true,
    snapshotCount: 10_000,
    snapshotCatchupEntries: 5000,
    maxWals: 5,
    unsafeNoFsync: false,
    quotaBackendBytes: 0,
    backendCacheBytes: 64 << 20,
    backendBatchIntervalMs: 5,
    backendBatchLimit: 1000,
    compactionBatchLimit: 1000,
    compactionSleepIntervalMs: 0,
    maxRequestBytes: 1 << 20,
    maxTxnOps: 128,
    watchProgressNotifyIntervalMs: 600_000,
    warningApplyDurationMs: 100,
    downgradeCheckTimeMs: 5000,
    initialCorruptCheck: false,
    corruptCheckTimeMs: 0,
    compactHashCheckTimeMs: 0,
    leaseCheckpoints: true,
    autoCompaction: { mode: 'periodic' as const, retentionMs: 0 },
  };
  const dependencies = {
    clock: systemClock,
    logger,
    random: systemRandom,
    connector: new NodePeerConnector(),
    failed: (error: Error) => {
      throw error;
    },
  };
  return openMemberData(options, dependencies);
}

export async function closeMember({ state, log }: MemberData): Promise<void> {
  await state.store.close();
  await log.wal.close();
  await state.backend.close();
}

/** Makes the data directory of a member that has applied a few entries. */
export async function foundMember(dataDir: string): Promise<void> {
  const data = await openMember(dataDir);
  const { log, state } = data;
  const entries = Array.from({ length: OLD_INDEX }, (_, position) => ({
    type: 0 as const,
    term: 1,
    index: position + 1,
    data: Buffer.alloc(0),
  }));
  const hardState = { term: 1, vote: log.memberId, commit: OLD_INDEX };
  await new Promise<void>((resolve, reject) => {
    log.wal.append(hardState, entries, (error) => (error === null ? resolve() : reject(error)));
  });
  const transaction = state.store.begin();
  transaction.put(OLD_KEY, Buffer.from('value'), 0n);
  transaction.end();
  state.backend.setConsistentIndex(OLD_INDEX, 1);
  await closeMember(data);
}

/** What a leader sends in front of the database. */
export function snapshotAt({ index, term }: { index: number; term: number }): Snapshot {
  const confState: ConfState = { ...EMPTY_CONF_STATE, voters: [1n] };
  return { data: Buffer.from('{}'), metadata: { index, term, confState } };
}

export type CrashStep = IncomingStep | InstallStep | 'record without commit index';

/** Takes a database and installs it as the server does. */
export async function takeSnapshot(
  data: MemberData,
  database: EtcdDatabase,
  step: (name: CrashStep) => void = () => {},
  switched: () => void = () => {},
): Promise<void> {
  const { state, staging, snapFolder, snapshotter, log } = data;
  const common = { staging, clock: systemClock, logger: silentLogger, step };
  const incoming = new IncomingSnapshots({ snapFolder }, { ...common, disk: nodeDisk });
  const snapshot = snapshotAt(database);
  const { index, term, confState } = snapshot.metadata;
  await incoming.save(index, streamOf(database.bytes), term, confState);
  const installer = new SnapshotInstaller({
    ...common,
    snapshotter,
    state,
    switched,
    whenNotCutting: async () => {},
  });
  await installer.install(snapshot, async () => {
    await durable((done) => log.wal.saveSnapshot(snapshot.metadata, done));
    step('record without commit index');
    log.wal.append({ term, vote: 0n, commit: index }, [], () => {});
    await durable((done) => log.wal.sync(done));
  });
}

function durable(call: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error === null ? resolve() : reject(error)));
  });
}

/** The entries of `member/`, and those of `member/snap/`. */
export async function leftoversOf(dataDir: string): Promise<{ member: string[]; snap: string[] }> {
  const member = join(dataDir, 'member');
  return {
    member: (await readdir(member)).sort(),
    snap: (await readdir(join(member, 'snap'))).sort(),
  };
}

export function dataDirectoryIn(folder: string): string {
  return join(folder, 'data');
}
