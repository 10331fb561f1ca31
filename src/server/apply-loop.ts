import type { Clock } from '../base/clock.js';
import { EtcdError, errorText, isEtcdError, RpcError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import { type Cluster, decodeMember } from '../membership/index.js';
import { CompactedError, FutureRevisionError } from '../mvcc/index.js';
import { decodeInternalRequest } from '../proto/internal-request.js';
import {
  ConfChangeType,
  type ConfState,
  decodeConfChange,
  type Entry,
  EntryType,
  type RawNode,
} from '../raft/index.js';
import {
  type Applier,
  type DecodedRequest,
  decodeRequest,
  UnknownRequestError,
} from './applier.js';
import type { Proposals } from './proposals.js';
import type { ApplyResult } from './results.js';

export interface ApplyLoopOptions {
  /** The upper 16 bits of this member's request ids. */
  readonly idPrefix: number;
  /** What the backend held at the start: entries up to here have had their effect. */
  readonly consistentIndex: number;
  /** Where the log begins: entries up to here were applied before it was cut. */
  readonly snapshotIndex: number;
  readonly warningApplyDurationMs: number;
}

export interface ApplyLoopDependencies {
  readonly applier: Applier;
  readonly proposals: Proposals;
  readonly cluster: Cluster;
  readonly node: RawNode;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Puts the index of an applied entry into the same backend batch as its effects. */
  readonly setConsistentIndex: (index: number, term: number) => void;
  readonly saveConfState: (confState: ConfState) => void;
  /** The first entry of a leader's term is applied: it knows all that is committed. */
  readonly leaderReady: (term: number) => void;
  /** A request found the backend full; `done` answers its client once the alarm is on its way. */
  readonly spaceExceeded: (done: () => void) => void;
}

/**
 * Applies committed entries in order. An entry's effects and its index go to the backend in one
 * synchronous step, so a restart continues exactly behind what was applied (formats.md §10.1).
 */
export class ApplyLoop {
  readonly #options: ApplyLoopOptions;
  readonly #dependencies: ApplyLoopDependencies;
  #appliedIndex: number;
  #confState: ConfState;

  constructor(options: ApplyLoopOptions, dependencies: ApplyLoopDependencies, start: ConfState) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#appliedIndex = options.snapshotIndex;
    this.#confState = start;
  }

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  get confState(): ConfState {
    return this.#confState;
  }

  /** Applies one entry. What it throws means that this member must not go on. */
  apply(entry: Entry): void {
    const isNew = entry.index > this.#options.consistentIndex;
    switch (entry.type) {
      case EntryType.normal:
        if (entry.data.length === 0) this.#dependencies.leaderReady(entry.term);
        else if (isNew) this.#applyRequest(entry);
        break;
      case EntryType.confChange:
        this.#applyConfChange(entry, isNew);
        break;
      default:
        throw new UnknownRequestError(`entry ${entry.index} has the unknown type ${entry.type}`);
    }
    if (isNew) this.#dependencies.setConsistentIndex(entry.index, entry.term);
    this.#appliedIndex = entry.index;
  }

  #applyRequest(entry: Entry): void {
    const { proposals } = this.#dependencies;
    const { kind, body, idPrefix, idSuffix } = decodeInternalRequest(entry.data);
    const isOwn = idPrefix === this.#options.idPrefix;
    // The proposer has the request in decoded form; it is the same bytes.
    const decoded =
      (isOwn ? proposals.decodedOf(idSuffix) : undefined) ?? decodeRequest(kind, body);
    let result: ApplyResult | undefined;
    let failure: Error | null = null;
    try {
      result = this.#timed(decoded);
    } catch (error) {
      failure = clientError(error);
    }
    if (!isOwn) return;
    const answer = (): void => proposals.applied(idSuffix, failure, result);
    if (isEtcdError(failure, 'NoSpace')) this.#dependencies.spaceExceeded(answer);
    else answer();
  }

  #timed(decoded: DecodedRequest): ApplyResult {
    const { clock, applier, logger } = this.#dependencies;
    const startMs = clock.nowMs();
    const result = applier.apply(decoded);
    const tookMs = clock.nowMs() - startMs;
    if (tookMs > this.#options.warningApplyDurationMs) {
      logger.warn('apply request took too long', {
        took: `${tookMs.toFixed(3)}ms`,
        'expected-duration': `${this.#options.warningApplyDurationMs}ms`,
        request: decoded.kind,
      });
    }
    return result;
  }

  #applyConfChange(entry: Entry, isNew: boolean): void {
    const { node, cluster, saveConfState } = this.#dependencies;
    const change = decodeConfChange(entry.data);
    if (change.type !== ConfChangeType.addNode) {
      throw new UnknownRequestError(`entry ${entry.index} changes the membership at run time`);
    }
    const { isPromote: _, ...member } = decodeMember(Buffer.from(change.context).toString('utf8'));
    if (member.id !== change.nodeId) {
      throw new UnknownRequestError(`entry ${entry.index} adds two different members at once`);
    }
    // Raft starts from the last cut of the log, so it hears of every change after it again.
    this.#confState = node.applyConfChange(change);
    if (!isNew) return;
    cluster.addMember(member);
    saveConfState(this.#confState);
  }
}

/** What of a failure goes to the client; anything else is a defect and stops the member. */
function clientError(error: unknown): Error {
  if (error instanceof RpcError) return error;
  if (error instanceof CompactedError) return new EtcdError('Compacted');
  if (error instanceof FutureRevisionError) return new EtcdError('FutureRev');
  throw error instanceof Error ? error : new Error(errorText(error));
}
