import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from '../../durability/support/dice.js';
import { GrpcError } from '../../support/grpc.js';
import type { Cluster } from './cluster.js';
import type { ClusterMember } from './cluster-member.js';
import { hasWritten, type Operation, type Request, type Write } from './operations.js';
import { send } from './requests.js';

const REGISTERS = 5;
const GROUP_KEYS = 6;
const REQUEST_TIMEOUT_MS = 1000;
/** A member that did not answer is mostly left alone for a while, or all clients would wait for it. */
const AVOIDED_MS = 1500;
const AVOIDED_PERCENT = 85;
const LARGE_VALUE_CHARACTERS = 4000;
const PAUSE_AFTER_ERROR_MS = 30;

const WEIGHTS = {
  put: 22,
  get: 22,
  swap: 20,
  serializableGet: 10,
  putMany: 8,
  deleteMany: 4,
  swapMany: 9,
  getMany: 5,
} as const;

/**
 * After these the outcome of a request is open: cancelled, unknown (a connection broke), deadline
 * exceeded, too many requests, internal (a stream broke), unavailable. Anything else is a fault.
 */
const OPEN_OUTCOMES: ReadonlySet<number> = new Set([1, 2, 4, 8, 13, 14]);

export interface LoadOptions {
  workers: number;
  /** Each worker waits up to so long between two requests. */
  longestPauseMs: number;
}

/**
 * Clients that read and write at once through whichever member they come upon, each one request after
 * the other, and record all they do: single keys (registers) by puts and swaps, and groups of keys by
 * transactions. Starts at once.
 */
export class Load {
  readonly operations: Operation[] = [];
  /** How often each error came, for diagnostics. */
  readonly errors = new Map<string, number>();
  acknowledgedWrites = 0;
  private readonly cluster: Cluster;
  private readonly dice: Dice;
  private readonly options: LoadOptions;
  private readonly workers: Promise<void>[];
  /** What a key was last seen to hold, as a guess for swaps. */
  private readonly lastSeen = new Map<string, string | undefined>();
  private readonly avoidedUntilMs = new Map<ClusterMember, number>();
  private values = 0;
  private isStopping = false;
  private failure: unknown;

  constructor(cluster: Cluster, dice: Dice, options: LoadOptions) {
    this.cluster = cluster;
    this.dice = dice;
    this.options = options;
    this.workers = Array.from({ length: options.workers }, (_, index) => this.work(`c${index}`));
  }

  /** Throws what a client found wrong, if anything. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /** Resolves when no request is under way any more. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.workers);
  }

  /** Sends one request through a member and records it. Resolves to whether it was answered. */
  async send(client: string, member: ClusterMember, request: Request): Promise<boolean> {
    const operation: Operation = {
      client,
      life: member.life,
      request,
      calledAtMs: performance.now(),
      returnedAtMs: Number.POSITIVE_INFINITY,
      answer: undefined,
    };
    this.operations.push(operation);
    try {
      operation.answer = await send(member.client, request, REQUEST_TIMEOUT_MS);
      operation.returnedAtMs = performance.now();
    } catch (error) {
      if (!(error instanceof GrpcError && OPEN_OUTCOMES.has(error.code))) throw error;
      this.avoidedUntilMs.set(member, performance.now() + AVOIDED_MS);
      const text = error.message.replace(/^(DEADLINE_EXCEEDED|[^:]*: .{60}).*$/s, '$1');
      this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
      return false;
    }
    this.learn(operation);
    return true;
  }

  /** Puts a value of some kilobytes under a register. */
  putLarge(client: string, member: ClusterMember): Promise<boolean> {
    const value = this.newValue().padEnd(LARGE_VALUE_CHARACTERS, '.');
    return this.send(client, member, write([{ key: this.register(), value }]));
  }

  private async work(client: string): Promise<void> {
    try {
      while (!this.isStopping) {
        const member = this.pickMember();
        const isAnswered = await this.send(client, member, this.request());
        if (!isAnswered) await delay(PAUSE_AFTER_ERROR_MS);
        await delay(this.dice.below(this.options.longestPauseMs));
      }
    } catch (error) {
      this.failure ??= error;
      this.isStopping = true;
    }
  }

  private pickMember(): ClusterMember {
    const { voters: members } = this.cluster;
    const nowMs = performance.now();
    const answering = members.filter((each) => (this.avoidedUntilMs.get(each) ?? 0) < nowMs);
    const isAnyone = answering.length === 0 || !this.dice.chance(AVOIDED_PERCENT);
    const member = this.dice.pick(isAnyone ? members : answering);
    if (member === undefined) throw new Error('there are no members');
    return member;
  }

  private request(): Request {
    const { dice } = this;
    switch (dice.weighted(WEIGHTS)) {
      case 'put':
        return write([{ key: this.register(), value: this.newValue() }]);
      case 'get':
        return read([this.register()]);
      case 'swap':
        return this.swap([this.register()]);
      case 'serializableGet':
        return { ...read([this.register()]), isSerializable: true };
      case 'putMany':
        return write(this.puts(this.groupKeys(dice.between(2, 4))));
      case 'deleteMany': {
        const [marked = '', ...deleted] = this.groupKeys(3);
        const deletes = deleted.map((key) => ({ key, value: undefined }));
        return write([...this.puts([marked]), ...deletes]);
      }
      case 'swapMany':
        return this.swap(this.groupKeys(2));
      default:
        return read(this.groupKeys(dice.between(2, 4)));
    }
  }

  private swap(keys: readonly string[]): Request {
    const compares = keys.map((key) => ({ key, value: this.lastSeen.get(key) }));
    return { ...write(this.puts(keys)), compares };
  }

  private puts(keys: readonly string[]): Write[] {
    const value = this.newValue();
    return keys.map((key) => ({ key, value }));
  }

  private register(): string {
    return `register/${this.dice.below(REGISTERS)}`;
  }

  private groupKeys(count: number): string[] {
    return this.dice.distinct(count, GROUP_KEYS).map((key) => `group/${key}`);
  }

  private newValue(): string {
    return `v${this.values++}`;
  }

  private learn(operation: Operation): void {
    for (const [key, stored] of operation.answer?.read ?? []) {
      this.lastSeen.set(key, stored?.value);
    }
    if (!hasWritten(operation)) return;
    this.acknowledgedWrites++;
    for (const { key, value } of operation.request.writes) this.lastSeen.set(key, value);
  }
}

function write(writes: readonly Write[]): Request {
  return { compares: [], writes, reads: [], isSerializable: false };
}

function read(reads: readonly string[]): Request {
  return { compares: [], writes: [], reads, isSerializable: false };
}
