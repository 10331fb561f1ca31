import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Watch } from '../../../src/proto/generated/etcdserverpb.js';
import type { KeyValue } from '../../../src/proto/generated/mvccpb.js';
import type { Dice } from '../../durability/support/dice.js';
import { storedKey } from '../../durability/support/history.js';
import { nowMs, valueBytes } from '../../durability/support/operations.js';
import { EtcdClient, prefixEnd, type WatchStream } from '../../support/etcd-client.js';
import { GrpcError } from '../../support/grpc.js';
import { ApiserverClient, type ConditionalWrite, mergeChunks } from './apiserver-client.js';
import { Ledger, type ReadRequest, WatchRecord } from './apiserver-ledger.js';

const RESOURCES = ['pods', 'configmaps', 'secrets', 'leases'] as const;
const EVENTS = '/registry/events/';
const LIST_PAGE_KEYS = 500;
/** Objects that share a lease of events (§A.2, 18). */
const EVENTS_PER_LEASE = 1000;
const OUT_OF_RANGE = 11;
/** Lists of many megabytes share the connections with the watches. */
const FRESH_TIMEOUT_MS = 120_000;
const COMPACT_KEY = 'compact_rev_key';

export interface ApiserverLoadOptions {
  readonly objects: number;
  /** Calls after all objects are there. */
  readonly operations: number;
  readonly workers: number;
  readonly eventTtlSeconds: number;
  /** How old a lease of events may be to be used once more. */
  readonly leaseReuseMs: number;
  /** Of the steps that list all objects of a resource, so many are made; others become a get. */
  readonly wholeListPercent: number;
  /** Between two rounds of compaction. */
  readonly compactionIntervalMs: number;
  /** Resolves when nobody who watches on the side still needs what lies below a revision. */
  readonly mayCompact?: (revision: number) => Promise<void>;
}

const WEIGHTS = {
  update: 30,
  conflictingUpdate: 6,
  delete: 6,
  conflictingDelete: 2,
  create: 6,
  existingCreate: 2,
  event: 12,
  get: 12,
  getPast: 4,
  listPages: 2,
  listStream: 2,
  syncPage: 1,
  count: 2,
  keys: 1,
  health: 2,
  status: 1,
  consistentRead: 6,
  watchChurn: 2,
} as const;

/** An object as its one writer knows it. */
interface ObjectRecord {
  readonly key: string;
  /** 0: it is not there. */
  modRevision: number;
}

/** The watch of one resource, kept open as a watch cache does. */
interface CachedWatch {
  readonly stream: WatchStream;
  readonly record: WatchRecord;
}

/**
 * The load of an API server on one member: objects of 1 to 20 KB written with conditions, lists,
 * watches, events that expire, and the compaction protocol, with nothing but the calls of
 * `ApiserverClient`. All that is answered goes to the ledger.
 */
export class ApiserverLoad {
  readonly ledger = new Ledger();
  /** How often each kind of step was made. */
  readonly counts: Record<string, number> = {};
  private readonly options: ApiserverLoadOptions;
  private readonly dice: Dice;
  /** One connection per resource, as the API server has them. */
  private readonly clients: readonly EtcdClient[];
  private readonly objects: ObjectRecord[];
  private readonly caches = new Map<string, CachedWatch>();
  private lease: { id: bigint; grantedAtMs: number; events: number } | undefined;
  private granting: Promise<bigint> | undefined;
  private tokens = 0;
  private eventNumber = 0;

  constructor(address: string, options: ApiserverLoadOptions, dice: Dice) {
    this.options = options;
    this.dice = dice;
    this.clients = Array.from({ length: RESOURCES.length + 1 }, () => new EtcdClient(address));
    this.objects = Array.from({ length: options.objects }, (_, number) => ({
      key: objectKey(number),
      modRevision: 0,
    }));
  }

  /** Creates all objects, then runs the mixture of calls and compactions beside it. */
  async run(): Promise<void> {
    const { operations, objects } = this.options;
    for (const resource of [...RESOURCES, 'events']) await this.openCache(prefixOf(resource));
    await this.inParallel(objects, (index) => this.create(this.objects[index]));
    const compactors = [this.compactUntilDone(0), this.compactUntilDone(1)];
    await this.inParallel(operations, (index) => this.step(index));
    this.isDone = true;
    await Promise.all(compactors);
  }

  private isDone = false;

  /** Waits until all events have expired. */
  async waitForExpiry(timeoutMs: number): Promise<void> {
    const deadlineMs = nowMs() + timeoutMs;
    while ((await this.client(0).count(EVENTS)).count > 0) {
      assert.ok(nowMs() < deadlineMs, 'events did not expire');
      await delay(200);
    }
  }

  /** Waits until all cached watches have seen everything, and closes everything. */
  async finish(): Promise<void> {
    const revision = await this.client(0).currentRevision('/registry/pods');
    for (const prefix of this.caches.keys()) await this.waitUntilFresh(prefix, revision);
    for (const { stream } of this.caches.values()) stream.cancel();
    for (const client of this.clients) client.close();
  }

  /** `count` steps by all workers; each worker takes the objects whose numbers are its own. */
  private async inParallel(count: number, step: (index: number) => Promise<void>): Promise<void> {
    const { workers } = this.options;
    const work = async (worker: number): Promise<void> => {
      for (let index = worker; index < count; index += workers) await step(index);
    };
    await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  }

  private client(index: number): ApiserverClient {
    const client = this.clients[index % this.clients.length];
    if (client === undefined) throw new Error('no connections');
    return new ApiserverClient(client);
  }

  private async step(index: number): Promise<void> {
    const kind = this.nextStep();
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    const object = this.ownObject(index % this.options.workers);
    const prefix = prefixOf(this.dice.pick(RESOURCES) ?? 'pods');
    switch (kind) {
      case 'update':
        return object.modRevision === 0 ? this.create(object) : this.update(object, true);
      case 'conflictingUpdate':
        return this.update(object, false);
      case 'delete':
        return this.delete(object, object.modRevision !== 0);
      case 'conflictingDelete':
        return this.delete(object, false);
      case 'create':
      case 'existingCreate':
        return this.create(object);
      case 'event':
        return this.createEvent();
      case 'get':
        return this.get(object.key, 0);
      case 'getPast':
        return this.getPast(object.key);
      case 'listPages':
        return this.listPages(prefix, LIST_PAGE_KEYS);
      case 'syncPage':
        return this.listPages(prefix, 10_000);
      case 'listStream':
        return this.listStream(prefix);
      case 'count':
        return this.read(prefix, 'count', (client) => client.count(prefix));
      case 'keys':
        return this.read(prefix, 'keys', (client) => client.keys(prefix));
      case 'health':
        return this.health();
      case 'status':
        return this.status();
      case 'consistentRead':
        return this.consistentRead(prefix);
      default:
        return this.churnWatch(prefix);
    }
  }

  private nextStep(): keyof typeof WEIGHTS {
    const kind = this.dice.weighted(WEIGHTS);
    const isWholeList = kind === 'listPages' || kind === 'listStream' || kind === 'syncPage';
    return isWholeList && !this.dice.chance(this.options.wholeListPercent) ? 'get' : kind;
  }

  /** Objects have one writer each, so that it knows what must happen. */
  private ownObject(worker: number): ObjectRecord {
    const { workers, objects } = this.options;
    const number = worker + workers * this.dice.below(Math.floor(objects / workers));
    const object = this.objects[number];
    if (object === undefined) throw new Error(`no object ${number}`);
    return object;
  }

  private newValue(): { token: string; value: Buffer } {
    const token = `v${this.tokens++}`;
    return { token, value: valueBytes(token, this.dice.between(1000, 20_000)) };
  }

  private async create(object: ObjectRecord | undefined): Promise<void> {
    if (object === undefined) return;
    const { token, value } = this.newValue();
    const answer = await this.client(object.key.length).create(object.key, value);
    assert.equal(answer.succeeded, object.modRevision === 0, `create ${object.key}`);
    if (!answer.succeeded) {
      this.ledger.refused(answer.revision, { key: object.key, current: 'not asked' });
      return;
    }
    object.modRevision = answer.revision;
    this.ledger.wrote(answer.revision, { key: object.key, token, lease: 0n });
  }

  private async update(object: ObjectRecord, isCurrent: boolean): Promise<void> {
    const { token, value } = this.newValue();
    const expected = isCurrent ? object.modRevision : this.otherRevision(object);
    const answer = await this.client(object.key.length).update(object.key, expected, value);
    assert.equal(answer.succeeded, isCurrent, `update ${object.key}`);
    if (!answer.succeeded) return this.noteConflict(object, answer);
    object.modRevision = answer.revision;
    this.ledger.wrote(answer.revision, { key: object.key, token, lease: 0n });
  }

  private async delete(object: ObjectRecord, isCurrent: boolean): Promise<void> {
    const expected = isCurrent ? object.modRevision : this.otherRevision(object);
    const answer = await this.client(object.key.length).delete(object.key, expected);
    assert.equal(answer.succeeded, isCurrent, `delete ${object.key}`);
    if (!answer.succeeded) return this.noteConflict(object, answer);
    object.modRevision = 0;
    this.ledger.wrote(answer.revision, { key: object.key, token: undefined, lease: 0n });
  }

  /** A revision that the object does not have. */
  private otherRevision(object: ObjectRecord): number {
    return object.modRevision + this.dice.between(1, 50);
  }

  private noteConflict(object: ObjectRecord, { revision, current }: ConditionalWrite): void {
    assert.equal(current?.modRevision ?? 0, object.modRevision, `conflict on ${object.key}`);
    const stored = current === undefined ? undefined : storedKey(current);
    this.ledger.refused(revision, { key: object.key, current: stored });
  }

  private async createEvent(): Promise<void> {
    const key = `${EVENTS}ns-${this.dice.below(10)}/event-${this.eventNumber++}`;
    const lease = await this.eventLease();
    const { token, value } = this.newValue();
    const answer = await this.client(4).create(key, value, lease);
    assert.ok(answer.succeeded, `create ${key}`);
    this.ledger.wrote(answer.revision, { key, token, lease });
  }

  /** As the lease manager: one lease for many events, until it is too old or has too many. */
  private async eventLease(): Promise<bigint> {
    const { leaseReuseMs } = this.options;
    const { lease } = this;
    const isUsable =
      lease !== undefined &&
      lease.events < EVENTS_PER_LEASE &&
      nowMs() - lease.grantedAtMs < leaseReuseMs;
    if (isUsable) {
      lease.events++;
      return lease.id;
    }
    this.granting ??= this.grantLease().finally(() => {
      this.granting = undefined;
    });
    return this.granting;
  }

  private async grantLease(): Promise<bigint> {
    const { eventTtlSeconds } = this.options;
    const sentAtMs = nowMs();
    const id = await this.client(4).grantLease(eventTtlSeconds);
    this.ledger.granted(id, { ttlSeconds: eventTtlSeconds, sentAtMs });
    this.lease = { id, grantedAtMs: sentAtMs, events: 1 };
    return id;
  }

  private async get(key: string, revision: number): Promise<void> {
    const response = await this.client(key.length).get(key, revision);
    const request: ReadRequest = { start: key, end: '', limit: 1, content: 'whole' };
    this.ledger.read(request, revision, response);
  }

  /** A read of an older revision; if that has been compacted meanwhile, it must say so. */
  private async getPast(key: string): Promise<void> {
    const current = await this.client(0).currentRevision('/registry/pods');
    const revision = Math.max(1, current - this.dice.below(300));
    await this.unlessCompacted(revision, () => this.get(key, revision));
  }

  private async unlessCompacted(revision: number, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof GrpcError) || error.code !== OUT_OF_RANGE) throw error;
      assert.equal(error.details, 'etcdserver: mvcc: required revision has been compacted');
      assert.ok(revision < this.ledger.requestedCompaction, `${revision} was not to be compacted`);
    }
  }

  /** A list in pages: the first at the newest revision, the others at that of the first. */
  private async listPages(prefix: string, limit: number): Promise<void> {
    const client = this.client(prefix.length);
    const end = prefixEnd(prefix).toString('latin1');
    let revision = 0;
    let after: string | undefined;
    const page = async (): Promise<void> => {
      const response = await client.listPage(prefix, {
        limit,
        revision,
        ...(after === undefined ? {} : { after }),
      });
      const start = after === undefined ? prefix : `${after}\0`;
      this.ledger.read({ start, end, limit, content: 'whole' }, revision, response);
      if (revision === 0) revision = response.header?.revision ?? 0;
      after = response.more ? lastKey(response.kvs) : undefined;
    };
    await page();
    while (after !== undefined) {
      const before: string = after;
      await this.unlessCompacted(revision, page);
      if (after === before) return;
    }
  }

  private async listStream(prefix: string): Promise<void> {
    const client = this.client(prefix.length);
    const limit = this.dice.chance(30) ? this.dice.between(1, 800) : 0;
    const current = await client.currentRevision(prefix.slice(0, -1));
    const revision = this.dice.chance(50) ? 0 : Math.max(1, current - this.dice.below(100));
    await this.unlessCompacted(revision, async () => {
      const merged = mergeChunks(await client.rangeStream(prefix, { revision, limit }));
      const end = prefixEnd(prefix).toString('latin1');
      this.ledger.read({ start: prefix, end, limit, content: 'whole' }, revision, merged);
    });
  }

  private async read(
    prefix: string,
    content: 'count' | 'keys',
    send: (client: ApiserverClient) => ReturnType<ApiserverClient['count']>,
  ): Promise<void> {
    const end = prefixEnd(prefix).toString('latin1');
    const response = await send(this.client(prefix.length));
    this.ledger.read({ start: prefix, end, limit: 0, content }, 0, response);
  }

  private async health(): Promise<void> {
    const { kvs, header } = await this.client(0).health();
    assert.equal(kvs.length, 0);
    assert.ok((header?.revision ?? 0) > 0);
  }

  private async status(): Promise<void> {
    const { version, dbSize, errors } = await this.client(0).status();
    assert.match(version, /^3\.[0-9]+\.[0-9]+/);
    assert.ok(dbSize > 0);
    assert.deepEqual(errors, []);
  }

  /** The watch cache serves a consistent list once it has come as far as the store is now. */
  private async consistentRead(prefix: string): Promise<void> {
    const revision = await this.client(prefix.length).currentRevision(prefix.slice(0, -1));
    assert.ok(revision > 0);
    await this.waitUntilFresh(prefix, revision);
  }

  private async waitUntilFresh(prefix: string, revision: number): Promise<void> {
    const cache = this.caches.get(prefix);
    if (cache === undefined) throw new Error(`no watch of ${prefix}`);
    const { stream, record } = cache;
    const deadlineMs = nowMs() + FRESH_TIMEOUT_MS;
    while (record.seenRevision < revision) {
      assert.equal(stream.stream.ending, undefined, `the watch of ${prefix} ended`);
      assert.equal(record.compactRevision, 0, `the watch of ${prefix} was too slow`);
      assert.ok(nowMs() < deadlineMs, `${prefix} is at ${record.seenRevision} of ${revision}`);
      this.client(0).requestProgress(stream);
      await stream.stream.until(() => record.seenRevision >= revision, 100);
    }
  }

  /** Lists, then watches from the next revision on, as a reflector does. */
  private async openCache(prefix: string): Promise<void> {
    const revision = await this.client(prefix.length).currentRevision(prefix.slice(0, -1));
    this.caches.set(prefix, this.openWatch(prefix, revision + 1, true));
  }

  private openWatch(prefix: string, startRevision: number, isCache: boolean): CachedWatch {
    const stream = this.client(prefix.length).watch(prefix, startRevision, isCache);
    const record = new WatchRecord(prefix, startRevision);
    stream.stream.onChange(() => {
      for (const message of stream.stream.received.splice(0)) {
        record.take(Watch.methods.watch.response.decode(message));
      }
    });
    this.ledger.watches.push(record);
    return { stream, record };
  }

  /** A watch from an older revision that is cancelled again once it has seen some of it. */
  private async churnWatch(prefix: string): Promise<void> {
    const client = this.client(prefix.length);
    const current = await client.currentRevision(prefix.slice(0, -1));
    const startRevision = Math.max(1, current - this.dice.below(200));
    const { stream, record } = this.openWatch(prefix, startRevision, false);
    const isOver = (): boolean => record.compactRevision > 0 || record.seenRevision >= current;
    for (let attempt = 0; attempt < 1200 && !isOver(); attempt++) {
      client.requestProgress(stream);
      await stream.stream.until(isOver, 100);
    }
    assert.ok(isOver(), `a watch of ${prefix} from ${startRevision} is at ${record.seenRevision}`);
    if (record.compactRevision > 0) assert.ok(startRevision < this.ledger.requestedCompaction);
    client.cancelWatch(stream);
    stream.cancel();
  }

  /** One of the API servers that compact: whoever claims a round compacts at what it saw before. */
  private async compactUntilDone(server: number): Promise<void> {
    const client = this.client(server);
    let version = 0;
    let revision = await client.currentRevision('/registry/pods');
    const told = await client.watchCompactions();
    while (!this.isDone) {
      await delay(this.options.compactionIntervalMs);
      const answer = await client.claimCompaction(version, revision);
      if (answer.succeeded) {
        this.ledger.wrote(answer.revision, { key: COMPACT_KEY, token: `${revision}`, lease: 0n });
        this.ledger.requestedCompaction = Math.max(this.ledger.requestedCompaction, revision);
        await this.options.mayCompact?.(revision);
        for (const prefix of this.caches.keys()) await this.waitUntilFresh(prefix, revision);
        await client.compact(revision).catch(ignoreCompacted);
        version++;
        this.counts.compaction = (this.counts.compaction ?? 0) + 1;
      } else {
        assert.ok(answer.current !== undefined, 'a lost claim must tell who won');
        version = answer.current.version;
        const compacted = Number(answer.current.value.toString());
        await told.waitFor('word of the compaction', ({ events }) =>
          events.some((event) => Number(event.kv?.value.toString()) >= compacted),
        );
      }
      revision = answer.revision;
    }
    told.cancel();
  }
}

function ignoreCompacted(error: unknown): void {
  if (!(error instanceof GrpcError) || error.code !== OUT_OF_RANGE) throw error;
}

const prefixOf = (resource: string): string => `/registry/${resource}/`;

function objectKey(number: number): string {
  const resource = RESOURCES[number % RESOURCES.length] ?? 'pods';
  return `${prefixOf(resource)}ns-${number % 17}/object-${number}`;
}

function lastKey(kvs: readonly KeyValue[]): string | undefined {
  return kvs.at(-1)?.key.toString('latin1');
}
