import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { GrpcClient, GrpcError } from '../../support/grpc.js';
import type { Member } from '../../support/member.js';
import type { Capabilities } from './known-differences.js';
import { unaryMethod } from './methods.js';
import {
  normalise,
  normaliseErrorText,
  normaliseResponse,
  type ServerIdentity,
} from './normalise.js';
import { resolvePlaceholders, type Step, type StepResult } from './program.js';
import { decodePlain, encodePlain, type Plain, type PlainValue } from './schema.js';
import { Tap } from './tap.js';
import { WatchSession } from './watch-session.js';

const CALL_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;

/** What the store holds when a program begins: a deletion at the compacted revision is its own case. */
const FIRST_KEY = '~';

/**
 * Runs the steps of programs on one server and says what each gave. The store is emptied and
 * compacted before each program, so that a program means the same wherever in a run it stands.
 */
export class Executor {
  private readonly client: GrpcClient;
  private readonly identity: ServerIdentity;
  private readonly capabilities: Capabilities;
  private readonly chosenLeases: Map<string, string>;
  private readonly leaseIds = new Map<string, string>();
  private readonly sessions = new Map<string, WatchSession>();
  private tap: Tap | undefined;
  private openRevision = 0;
  private revision = 1;
  private compactRevision = 0;
  private lockstep = false;

  private constructor(
    client: GrpcClient,
    identity: ServerIdentity,
    chosenLeases: Map<string, string>,
    capabilities: Capabilities,
  ) {
    this.capabilities = capabilities;
    this.client = client;
    this.identity = identity;
    this.chosenLeases = chosenLeases;
  }

  /** Connects to a member and learns its ids. */
  static async connect(member: Member, capabilities: Capabilities): Promise<Executor> {
    const client = new GrpcClient(member.clientAddress);
    const status = await client.unary('etcdserverpb.Maintenance/Status', Buffer.alloc(0));
    const header = (decodePlain('StatusResponse', status).header ?? {}) as Plain;
    const chosenLeases = new Map<string, string>();
    const identity = {
      clusterId: String(header.cluster_id),
      memberId: String(header.member_id),
      peerUrl: member.peerUrl,
      clientUrl: member.clientUrl,
      chosenLeases,
    };
    return new Executor(client, identity, chosenLeases, capabilities);
  }

  close(): void {
    this.endWatches();
    this.client.close();
  }

  /** Empties the store but for one key, compacts it, and opens the watch on everything. */
  async begin(lockstep: boolean): Promise<StepResult> {
    this.endWatches();
    this.lockstep = lockstep;
    this.chosenLeases.clear();
    this.leaseIds.clear();
    await this.disarmAlarms();
    await this.emptyAuth();
    await this.call('DeleteRange', { key: '\0', range_end: '\0' });
    const leases = (await this.call('LeaseLeases', {})).leases as Plain[] | undefined;
    for (const lease of leases ?? []) await this.call('LeaseRevoke', { ID: lease.ID ?? 0 });
    await this.call('Put', { key: FIRST_KEY });
    const compaction = await this.call('Compact', { revision: this.revision });
    this.compactRevision = this.revision;
    this.tap = new Tap(this.client);
    await this.tap.open();
    this.openRevision = this.revision;
    return this.normalised({ revision: this.revision, compaction });
  }

  /** Runs one step. The result holds what the watches got meanwhile, as far as that is certain. */
  async run(step: Step): Promise<StepResult> {
    const result = await this.dispatch(step);
    if (this.lockstep) Object.assign(result, await this.settle());
    return this.normalised(result);
  }

  /** Brings the watches to rest and cancels them, so that an event too many would show. */
  async end(): Promise<StepResult> {
    const result = await this.settle();
    for (const [name, session] of this.sessions) {
      if (session.isHalfClosed || session.hasEnded) continue;
      for (const id of session.activeIds) await session.cancelWatcher(id);
      result[`end of ${name}`] = this.reportOf(session);
    }
    this.endWatches();
    return this.normalised(result);
  }

  private normalised(result: Plain): StepResult {
    return normalise(result, this.identity) as StepResult;
  }

  private endWatches(): void {
    for (const session of this.sessions.values()) session.close();
    this.sessions.clear();
    this.tap?.close();
    this.tap = undefined;
  }

  private async dispatch(step: Step): Promise<Plain> {
    switch (step.do) {
      case 'call':
        return this.runCall(step);
      case 'bytes':
        return this.sendBytes(step.path, Buffer.from(step.bytes, 'latin1'));
      case 'rangeStream':
        return this.rangeStream(this.resolve(step.request) as Plain);
      case 'keepAlive':
        return this.keepAlive(this.resolve(step.ids) as PlainValue[]);
      default:
        return this.runWatchStep(step);
    }
  }

  private async runWatchStep(
    step: Exclude<Step, { do: 'call' | 'bytes' | 'rangeStream' | 'keepAlive' }>,
  ): Promise<Plain> {
    const session = this.session(step.stream);
    if (session.isHalfClosed || session.hasEnded) return { skipped: 'the stream has ended' };
    if (step.do === 'watch') {
      await session.create(this.resolve(step.request) as Plain, this.compactRevision);
      return {};
    }
    const result = await this.settle();
    if (step.do === 'cancelWatch') {
      await session.cancelWatcher(this.resolve(step.id) as string | number);
    } else if (step.do === 'progress') {
      await this.waitUntilCaughtUp();
      return { ...result, progress: (await session.progress()) ?? 'none' };
    } else if (step.do === 'watchRequest') {
      session.send(this.resolve(step.request) as Plain);
      await session.barrier();
    } else if (step.do === 'watchBytes') {
      session.sendBytes(Buffer.from(step.bytes, 'latin1'));
      await session.waitForEnd();
    } else {
      session.halfClose();
    }
    return { ...result, [step.stream]: this.reportOf(session) };
  }

  private session(name: string): WatchSession {
    const session = this.sessions.get(name) ?? new WatchSession(this.client);
    this.sessions.set(name, session);
    return session;
  }

  /** Waits until the watches have all that is due to them and reports what is new. */
  private async settle(): Promise<Plain> {
    const result: Plain = {};
    if (this.sessions.size === 0 || this.tap === undefined) return result;
    await this.tap.waitFor(this.revision, this.openRevision);
    for (const [name, session] of this.sessions) {
      const complaints = await session.settle(this.tap.events);
      const report = this.reportOf(session);
      if (complaints.length > 0) report.complaints = complaints;
      if (Object.keys(report).length > 0) result[name] = report;
    }
    return result;
  }

  /**
   * New responses by watch id, since the order between watches of a stream is not fixed. Out of
   * lockstep the grouping of events is not fixed either: then only their sequence is reported. How
   * much of the past comes in one response is a server's choice: responses that show the same store
   * revision count as one.
   */
  private reportOf(session: WatchSession): Plain {
    const report: Plain = {};
    for (const response of session.takeResponses()) {
      const id = String(response.watch_id ?? 0);
      const list = (report[id] ?? []) as Plain[];
      const events = (response.events ?? []) as Plain[];
      const last = list.at(-1);
      if (events.length === 0) list.push(response);
      else if (!this.lockstep) list.push(...events);
      else if (isContinued(last, response)) list[list.length - 1] = merged(last, response);
      else list.push(response);
      report[id] = list;
    }
    if (session.ending !== undefined) report.ending = session.ending;
    return report;
  }

  private resolve(value: PlainValue): PlainValue {
    return resolvePlaceholders(value, {
      revision: this.revision,
      compactRevision: this.compactRevision,
      leases: this.leaseIds,
      memberId: this.identity.memberId,
      peerUrl: this.identity.peerUrl,
    });
  }

  private async runCall(step: Extract<Step, { do: 'call' }>): Promise<Plain> {
    const request = this.resolve(step.request) as Plain;
    const before = step.method === 'Compact' ? await this.prepareCompaction() : {};
    const extra = Buffer.from(step.extra ?? '', 'latin1');
    const response = await this.call(step.method, request, extra);
    if (step.method === 'Compact' && response.error === undefined) {
      this.compactRevision = Number(request.revision ?? 0);
    }
    if (step.bind !== undefined && response.ID !== undefined) {
      this.leaseIds.set(step.bind, String(response.ID));
      this.chosenLeases.set(String(response.ID), step.bind);
    }
    return { ...before, ...response };
  }

  /** A compaction cancels watches that have not caught up; that must not be left to chance. */
  private async prepareCompaction(): Promise<Plain> {
    const result = await this.settle();
    await this.waitUntilCaughtUp();
    return result;
  }

  private async waitUntilCaughtUp(): Promise<void> {
    const caughtUpAtMs = Math.max(0, ...[...this.sessions.values()].map((s) => s.caughtUpAtMs));
    const waitMs = caughtUpAtMs - Date.now();
    if (waitMs > 0) await setTimeout(waitMs);
  }

  /** A unary call, answered with the decoded response or `{ error }`. */
  private async call(method: string, request: Plain, extra = Buffer.alloc(0)): Promise<Plain> {
    const { path, request: requestMessage, response: responseMessage } = unaryMethod(method);
    const bytes = Buffer.concat([encodePlain(requestMessage, request), extra]);
    try {
      const reply = await this.client.unary(path, bytes, { timeoutMs: CALL_TIMEOUT_MS });
      const response = decodePlain(responseMessage, reply);
      this.noteRevision(response);
      return normaliseResponse(method, response);
    } catch (error) {
      return errorResult(error);
    }
  }

  private async sendBytes(path: string, bytes: Buffer): Promise<Plain> {
    try {
      const reply = await this.client.unary(path, bytes, { timeoutMs: CALL_TIMEOUT_MS });
      const { response: responseMessage } = unaryMethod(path.split('/')[1] ?? '');
      const response = decodePlain(responseMessage, reply);
      this.noteRevision(response);
      return normaliseResponse(path.split('/')[1] ?? '', response);
    } catch (error) {
      return errorResult(error);
    }
  }

  private noteRevision(response: Plain): void {
    const revision = Number((response.header as Plain | undefined)?.revision ?? 0);
    this.revision = Math.max(this.revision, revision);
  }

  /** All chunks merged, as protobuf merges: that must be the answer of the unary Range. */
  private async rangeStream(request: Plain): Promise<Plain> {
    if (!this.capabilities.hasRangeStream) return this.rangeLikeStream(request);
    const bytes = encodePlain('RangeRequest', request);
    try {
      const chunks = await this.client.collect('etcdserverpb.KV/RangeStream', bytes, {
        timeoutMs: CALL_TIMEOUT_MS,
      });
      const ranges = chunks.map(
        (chunk) => decodePlain('RangeStreamResponse', chunk).range_response as Plain,
      );
      const keyValues = ranges.flatMap((range) => (range.kvs ?? []) as PlainValue[]);
      const early = ranges
        .slice(0, -1)
        .filter((range) => range.header ?? range.count ?? range.more);
      return {
        ...ranges.at(-1),
        ...(keyValues.length > 0 ? { kvs: keyValues } : {}),
        ...(early.length > 0 ? { 'header before the last chunk': true } : {}),
      };
    } catch (error) {
      return errorResult(error);
    }
  }

  /** What RangeStream must answer, from a server that has only Range. */
  private rangeLikeStream(request: Plain): Promise<Plain> | Plain {
    const isSorted =
      Number(request.sort_order ?? 0) !== 0 &&
      (request.sort_order !== 1 || Number(request.sort_target ?? 0) !== 0);
    const filters = ['min_mod', 'max_mod', 'min_create', 'max_create'];
    const isFiltered = filters.some((name) => Number(request[`${name}_revision`] ?? 0) !== 0);
    if (isSorted) return unimplemented('RangeStream does not support custom sort orders');
    if (isFiltered) return unimplemented('RangeStream does not support revision filters');
    return this.call('Range', request);
  }

  private async keepAlive(ids: PlainValue[]): Promise<Plain> {
    const stream = this.client.bidirectional('etcdserverpb.Lease/LeaseKeepAlive');
    for (const [sent, id] of ids.entries()) {
      stream.send(encodePlain('LeaseKeepAliveRequest', { ID: id }));
      await stream.until(() => stream.received.length > sent, KEEP_ALIVE_TIMEOUT_MS);
    }
    stream.halfClose();
    await stream.until(() => stream.ending !== undefined, KEEP_ALIVE_TIMEOUT_MS);
    stream.cancel();
    return {
      responses: stream.received.map((bytes) => decodePlain('LeaseKeepAliveResponse', bytes)),
      ending: { code: stream.ending?.code ?? -1, text: stream.ending?.details ?? '' },
    };
  }

  private async disarmAlarms(): Promise<void> {
    const { alarms } = await this.call('Alarm', {});
    for (const alarm of (alarms ?? []) as Plain[])
      await this.call('Alarm', { action: 2, ...alarm });
  }

  private async emptyAuth(): Promise<void> {
    const { users } = await this.call('UserList', {});
    for (const name of (users ?? []) as string[]) await this.call('UserDelete', { name });
    const { roles } = await this.call('RoleList', {});
    for (const role of (roles ?? []) as string[]) await this.call('RoleDelete', { role });
  }
}

function isContinued(last: Plain | undefined, next: Plain): last is Plain {
  return last?.events !== undefined && isDeepStrictEqual(last.header, next.header);
}

/** Two responses as one; what is left of the fragment flags is that of the last piece. */
function merged(last: Plain, next: Plain): Plain {
  return { ...next, events: [...(last.events as Plain[]), ...(next.events as Plain[])] };
}

function unimplemented(text: string): Plain {
  return { error: { code: 12, text } };
}

function errorResult(error: unknown): Plain {
  if (!(error instanceof GrpcError)) throw error;
  if (error.details.startsWith('Deadline exceeded after')) return { error: 'no answer in time' };
  return { error: { code: error.code, text: normaliseErrorText(error.details) } };
}
