/**
 * What a member asks others over HTTP before it has any state, or beside Raft (formats.md §7.1, §8.3).
 * Ids keep their 64 bits.
 */
import type { Clock } from '../base/clock.js';
import type { NodeId } from '../raft/index.js';
import type { PeerConnector } from './connector.js';
import { PeerRequestError } from './errors.js';
import { headerText, parseId } from './headers.js';
import { parsePeerUrl } from './peer-url.js';
import { type Answer, RequestScope } from './request-scope.js';

/** A member as it is listed by another one. */
export interface ListedMember {
  readonly id: NodeId;
  /** Empty while the member has not started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** The cluster as one member sees it. */
export interface ListedCluster {
  readonly clusterId: bigint;
  readonly members: readonly ListedMember[];
}

/** What a member says of its versions. */
export interface MemberVersions {
  readonly server: string;
  /** `not_decided` before the cluster has agreed on one. */
  readonly cluster: string;
  /** Undefined before 3.6. */
  readonly storage: string | undefined;
}

/** What a member says of its data at a revision (formats.md §9). */
export interface MemberHash {
  /** CRC-32C, unsigned. */
  readonly hash: number;
  /** -1 = never compacted. */
  readonly compactRevision: number;
  /** The revision the member is at. */
  readonly currentRevision: number;
}

/** A request to one member. */
export interface MemberRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /**
   * Whether a connection may serve several such requests. Then it may reach the member twice: only
   * for what does no harm when it is done again.
   */
  readonly reuseConnection?: boolean;
  /** Instead of the time that all requests have. */
  readonly timeoutMs?: number;
  /** Longer answers are refused; 4 MiB unless told otherwise. */
  readonly maxAnswerBytes?: number;
}

export interface ClusterQueriesOptions {
  /** How long one request may take. */
  readonly timeoutMs: number;
}

export interface ClusterQueriesDependencies {
  readonly clock: Clock;
  readonly connector: PeerConnector;
}

/** Asks one member at a time; whom, and what follows from no answer, is the caller's business. */
export class ClusterQueries {
  readonly #timeoutMs: number;
  readonly #scope: RequestScope;

  constructor(options: ClusterQueriesOptions, dependencies: ClusterQueriesDependencies) {
    this.#timeoutMs = options.timeoutMs;
    this.#scope = new RequestScope(dependencies);
  }

  /**
   * The members that the one at `url` knows, and the id of their cluster.
   * @throws PeerRequestError, PeerUrlError, or the system's error
   */
  async members(url: string): Promise<ListedCluster> {
    const answer = await this.#get(url, '/members');
    const clusterId = parseId(headerText(answer.headers, 'x-etcd-cluster-id'));
    if (clusterId === undefined) throw new PeerRequestError('failed to parse cluster ID');
    return { clusterId, members: parseMembers(answer.body.toString('utf8')) };
  }

  /**
   * The versions of the member at `url`.
   * @throws PeerRequestError, PeerUrlError, or the system's error
   */
  async version(url: string): Promise<MemberVersions> {
    const answer = await this.#get(url, '/version');
    const fields = objectFields(parseJson(answer.body.toString('utf8')));
    const server = fields.get('etcdserver');
    const cluster = fields.get('etcdcluster');
    const storage = fields.get('storage');
    if (typeof server !== 'string' || typeof cluster !== 'string') {
      throw new PeerRequestError('the answer tells no versions');
    }
    return { server, cluster, storage: typeof storage === 'string' ? storage : undefined };
  }

  /**
   * Whether the cluster of the member at `url` is being downgraded.
   * @throws PeerRequestError, PeerUrlError, or the system's error
   */
  async isDowngradeEnabled(url: string): Promise<boolean> {
    const text = (await this.#get(url, '/downgrade/enabled')).body.toString('utf8').trim();
    if (text !== 'true' && text !== 'false') throw new PeerRequestError('neither true nor false');
    return text === 'true';
  }

  /**
   * The hash of the data of the member at `url` at a revision, 0 = its newest.
   * @throws PeerRequestError (with status and body if it refused), PeerUrlError, or the system's error
   */
  async hashKv(url: string, clusterId: bigint, revision: number): Promise<MemberHash> {
    const headers = {
      'Content-Type': 'application/json',
      'X-Etcd-Cluster-ID': clusterId.toString(16),
    };
    const body = Buffer.from(JSON.stringify(revision === 0 ? {} : { revision }));
    const request = { method: 'GET', path: '/members/hashkv', headers, body } as const;
    const answer = expectOk(await this.exchange(url, request));
    const fields = objectFields(parseJson(answer.body.toString('utf8')));
    const header = objectFields(fields.get('header') ?? {});
    // Go leaves out what is zero.
    return {
      hash: integerField(fields, 'hash'),
      compactRevision: integerField(fields, 'compact_revision'),
      currentRevision: integerField(header, 'revision'),
    };
  }

  /**
   * Any request to the member at `url`, whatever the status of the answer: for what is forwarded to
   * the leader, `/leases`, `/leases/internal`, `/members/promote/<id>` and `/members/hashkv`.
   * @throws PeerRequestError if there is no answer, PeerUrlError, or the system's error
   */
  async exchange(url: string, request: MemberRequest): Promise<Answer> {
    const { method, path, headers = {}, body, reuseConnection = false } = request;
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    const length = body === undefined ? {} : { 'Content-Length': String(body.length) };
    return await this.#scope.exchange(
      {
        url: parsePeerUrl(url),
        method,
        path,
        headers: { ...headers, ...length },
        reuseConnection,
      },
      { connectMs: timeoutMs, idleMs: timeoutMs, totalMs: timeoutMs },
      body,
      request.maxAnswerBytes,
    );
  }

  /** Breaks off all requests. */
  close(): void {
    this.#scope.close();
  }

  async #get(url: string, path: string): Promise<Answer> {
    return expectOk(await this.exchange(url, { method: 'GET', path }));
  }
}

function expectOk(answer: Answer): Answer {
  if (answer.status === 200) return answer;
  const body = answer.body.toString('utf8').trimEnd();
  throw new PeerRequestError(`unexpected http status ${answer.status}`, answer.status, body);
}

/**
 * Reads the list of members that `/members` and `/members/promote/<id>` answer with.
 * @throws PeerRequestError if it is none
 */
export function parseMembers(text: string): ListedMember[] {
  // Ids are the only numbers; in quotes they keep their 64 bits. Quotes within JSON strings are
  // escaped, so that nothing else can look like that.
  const parsed = parseJson(text.replace(/"id"\s*:\s*(\d+)/g, '"id":"$1"'));
  if (!Array.isArray(parsed)) throw new PeerRequestError('the answer is no list of members');
  return parsed.map((element: unknown) => {
    const fields = objectFields(element);
    const id = fields.get('id');
    const name = fields.get('name');
    if (typeof id !== 'string' || !/^\d{1,20}$/.test(id)) {
      throw new PeerRequestError('a member without an id');
    }
    return {
      id: BigInt(id),
      name: typeof name === 'string' ? name : '',
      peerUrls: stringList(fields.get('peerURLs')),
      clientUrls: stringList(fields.get('clientURLs')),
      isLearner: fields.get('isLearner') === true,
    };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PeerRequestError('the answer is not JSON', undefined, String(error));
  }
}

function objectFields(value: unknown): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new PeerRequestError('not an object');
  return new Map<string, unknown>(Object.entries(value));
}

/** A whole number that is left out when it is 0. */
function integerField(fields: ReadonlyMap<string, unknown>, name: string): number {
  const value = fields.get(name) ?? 0;
  if (!Number.isSafeInteger(value)) throw new PeerRequestError(`${name} is no whole number`);
  return Number(value);
}

function stringList(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((element): element is string => typeof element === 'string');
}
