import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { EtcdError, errorText } from '../base/errors.js';
import { type Cluster, encodeMember, type Member } from '../membership/index.js';
import type { PeerAnswer } from '../server/leases/index.js';
import { refuseOtherMethods, sendText, versionText } from './answers.js';
import { withBody } from './peer-body.js';
import { hashAnswer, type OwnHash, parseHashRequest } from './peer-hashkv.js';

/** What every member can tell. */
export interface PeerSource {
  readonly clusterId: bigint;
  readonly cluster: Pick<Cluster, 'members' | 'version' | 'storageVersion'>;
}

/** What other members may ask of this one beside its list of members and its versions. */
export interface PeerServices {
  /** Takes a request of the Raft transport; false if it is none. */
  raft(request: IncomingMessage, response: ServerResponse): boolean;
  /** Gives a learner a vote, as the leader; `token` is the auth token of whoever asked for it. */
  promote(id: bigint, token: string | undefined): Promise<readonly Member[]>;
  /** The hash at a revision, 0 = now. */
  hashKv(revision: number): Promise<OwnHash>;
  /** Whether the cluster is being downgraded, by a linearizable read. */
  isDowngradeEnabled(): Promise<boolean>;
  readonly leases: {
    keepAlive(body: Uint8Array): Promise<PeerAnswer>;
    timeToLive(body: Uint8Array): Promise<PeerAnswer>;
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse, path: string) => void;

const PROMOTE_PREFIX = '/members/promote/';
const CLUSTER_ID_HEADER = 'X-Etcd-Cluster-ID';
const MAX_ID = 0xffff_ffff_ffff_ffffn;

/** What a failed promotion is answered with; anything else is an internal error. */
const PROMOTE_REFUSALS: Readonly<Record<string, readonly [number, string]>> = {
  MemberNotFound: [404, 'membership: ID not found'],
  MemberNotLearner: [412, 'membership: can only promote a learner member'],
  LearnerNotReady: [412, new EtcdError('LearnerNotReady').message],
};

/** Answers other members (E.5, formats.md §7.1). */
export function createPeerHandler(server: PeerSource, services: PeerServices): RequestListener {
  const clusterId = server.clusterId.toString(16);
  const { leases } = services;
  const answers = new Map<string, Answer>([
    ['/version', (request, response) => answerVersion(server, request, response)],
    ['/members', (request, response) => answerMembers(server, clusterId, request, response)],
    ['/members/hashkv', hashAnswerer(services, clusterId)],
    ['/downgrade/enabled', downgradeAnswerer(services, clusterId)],
    ['/leases', leaseAnswerer((body) => leases.keepAlive(body))],
    ['/leases/internal', leaseAnswerer((body) => leases.timeToLive(body))],
  ]);
  const promote = promoteAnswerer(services, clusterId);
  return (request, response) => {
    if (services.raft(request, response)) return;
    const path = (request.url ?? '/').replace(/[?#].*$/, '');
    const answer = answers.get(path) ?? (path.startsWith(PROMOTE_PREFIX) ? promote : undefined);
    if (answer !== undefined) {
      answer(request, response, path);
      return;
    }
    request.resume();
    sendText(response, 404, '404 page not found\n');
  };
}

function answerVersion(
  server: PeerSource,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  if (refuseOtherMethods(request, response)) return;
  sendJson(response, versionText(server));
}

function answerMembers(
  server: PeerSource,
  clusterId: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  if (refuseOtherMethods(request, response)) return;
  response.setHeader(CLUSTER_ID_HEADER, clusterId);
  sendJson(response, membersText(server.cluster.members()));
}

function promoteAnswerer(services: PeerServices, clusterId: string): Answer {
  return (request, response, path) => {
    request.resume();
    if (refuseOtherMethods(request, response, 'POST')) return;
    response.setHeader(CLUSTER_ID_HEADER, clusterId);
    const text = decoded(path.slice(PROMOTE_PREFIX.length));
    const id = parseDecimalId(text);
    if (id === undefined) {
      sendText(response, 404, `member ${text} not found in cluster\n`);
      return;
    }
    services.promote(id, request.headers.authorization).then(
      (members) => sendJson(response, membersText(members)),
      (error: unknown) => {
        const refusal = error instanceof EtcdError ? PROMOTE_REFUSALS[error.error] : undefined;
        if (refusal === undefined) {
          sendJson(response, JSON.stringify({ message: 'Internal Server Error' }), 500);
        } else sendText(response, refusal[0], `${refusal[1]}\n`);
      },
    );
  };
}

function hashAnswerer(services: PeerServices, clusterId: string): Answer {
  return (request, response) => {
    if (request.method !== 'GET') request.resume();
    if (refuseOtherMethods(request, response)) return;
    const wanted = request.headers['x-etcd-cluster-id'];
    if (wanted !== undefined && wanted !== '' && wanted !== clusterId) {
      request.resume();
      sendText(response, 412, 'cluster ID mismatch\n');
      return;
    }
    withBody(request, response, (body) => {
      const revision = parseHashRequest(body);
      if (revision === undefined) {
        sendText(response, 400, 'error unmarshalling request\n');
        return;
      }
      services.hashKv(revision).then(
        (own) => {
          response.setHeader(CLUSTER_ID_HEADER, clusterId);
          sendJson(response, hashAnswer(own));
        },
        (error: unknown) => sendText(response, 400, `${errorText(error)}\n`),
      );
    });
  };
}

function downgradeAnswerer(services: PeerServices, clusterId: string): Answer {
  return (request, response) => {
    request.resume();
    if (refuseOtherMethods(request, response)) return;
    response.setHeader(CLUSTER_ID_HEADER, clusterId);
    services.isDowngradeEnabled().then(
      (isEnabled) => {
        sendBody(response, 200, 'text/plain', String(isEnabled));
      },
      (error: unknown) => {
        sendText(response, 500, `failed linearized read: ${errorText(error)}\n`);
      },
    );
  };
}

function leaseAnswerer(answer: (body: Uint8Array) => Promise<PeerAnswer>): Answer {
  return (request, response) => {
    if (request.method !== 'POST') {
      request.resume();
      // Unlike the other answers of this kind, it names no allowed method.
      sendText(response, 405, 'Method Not Allowed\n');
      return;
    }
    withBody(request, response, (body) => {
      answer(body).then(
        (answered) => {
          if ('text' in answered) {
            sendText(response, answered.status, `${answered.text}\n`);
            return;
          }
          sendBody(response, 200, 'application/protobuf', answered.body);
        },
        (error: unknown) => sendText(response, 500, `${errorText(error)}\n`),
      );
    });
  };
}

function sendJson(response: ServerResponse, text: string, status = 200): void {
  sendBody(response, status, 'application/json', text);
}

function sendBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

const membersText = (members: readonly Member[]): string =>
  `[${members.map(encodeMember).join(',')}]\n`;

function parseDecimalId(text: string): bigint | undefined {
  if (!/^\d{1,40}$/.test(text)) return undefined;
  const id = BigInt(text);
  return id <= MAX_ID ? id : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
