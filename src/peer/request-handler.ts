import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorText } from '../base/errors.js';
import { formatNodeId, type Message, type NodeId } from '../raft/index.js';
import { refuse, refuseOtherMethods, sendError, sendErrorAndClose } from './answers.js';
import type { PeerContext } from './context.js';
import { FrameTooLargeError, FrameTruncatedError } from './errors.js';
import { headerText, incompatibility, parseId } from './headers.js';
import { isWireType, messageFault } from './message-check.js';
import { decodeMessage } from './message-decoder.js';
import type { Peer } from './peer.js';
import { SnapshotReceiver } from './snapshot-receiver.js';
import { StreamKind } from './stream-codec.js';

/** Whom the handler asks and tells about other members. */
export interface PeerDirectory {
  peer(id: NodeId): Peer | undefined;
  addRemote(id: NodeId, urls: readonly string[]): void;
}

const STREAM_PREFIX = '/raft/stream/';

/** Answers the requests that other members make at this one (formats.md §7.1, §7.3). */
export class RequestHandler {
  readonly #context: PeerContext;
  readonly #directory: PeerDirectory;
  readonly #snapshots: SnapshotReceiver;

  constructor(context: PeerContext, directory: PeerDirectory) {
    this.#context = context;
    this.#directory = directory;
    this.#snapshots = new SnapshotReceiver(context);
  }

  /** False if the path is not one of this protocol. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = (request.url ?? '').replace(/[?#].*$/, '');
    if (path !== '/raft' && !path.startsWith('/raft/')) return false;
    // Idle connections of an orderly member do not exist: its streams carry a sign of life.
    request.socket.setTimeout(this.#context.settings.ioTimeoutMs);
    if (path === '/raft/probing') answerProbe(request, response);
    else if (path === '/raft')
      this.#run(request, response, () => this.#takePost(request, response));
    else if (path === '/raft/snapshot') {
      this.#run(request, response, () => this.#takeSnapshot(request, response));
    } else if (path.startsWith(STREAM_PREFIX)) this.#openStream(request, response, path);
    else return false;
    return true;
  }

  /** Breaks off the snapshots that are coming in; resolves when nobody reads them any more. */
  async stop(): Promise<void> {
    await this.#snapshots.stop();
  }

  /** Whatever goes wrong in an answer ends the connection, and nothing else. */
  #run(request: IncomingMessage, response: ServerResponse, answer: () => Promise<void>): void {
    answer().catch((error: unknown) => {
      this.#warn(request, 'failed to answer a peer request', { error: errorText(error) });
      if (response.headersSent) response.destroy();
      else sendErrorAndClose(response, 500, 'error processing raft message');
    });
  }

  /** Answers 412 to members of other clusters and of versions that do not fit. */
  #refuseIncompatible(request: IncomingMessage, response: ServerResponse): boolean {
    const { settings } = this.#context;
    const reason = incompatibility(request.headers, settings);
    if (reason === undefined) return false;
    this.#warn(request, 'refused a peer request', {
      error: reason,
      'remote-peer-cluster-id': headerText(request.headers, 'x-etcd-cluster-id'),
      'local-member-cluster-id': formatNodeId(settings.clusterId),
      'remote-peer-server-version': headerText(request.headers, 'x-server-version'),
      'local-member-server-version': settings.version,
    });
    refuse(request, response, 412, reason);
    return true;
  }

  /** Remembers where an unknown sender can be reached, so that it can be answered. */
  #addSender(request: IncomingMessage): void {
    const from = parseId(headerText(request.headers, 'x-server-from'));
    const urls = headerText(request.headers, 'x-peerurls');
    if (from !== undefined && urls !== '') this.#directory.addRemote(from, urls.split(','));
  }

  async #takePost(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (refuseOtherMethods(request, response, 'POST')) return;
    this.#setClusterId(response);
    if (this.#refuseIncompatible(request, response)) return;
    let body: Buffer;
    try {
      body = await readPosted(request, this.#context.settings.maxFrameBytes);
    } catch (error) {
      this.#warn(request, 'failed to read Raft message', { error: errorText(error) });
      refuse(request, response, 400, 'error reading raft message');
      return;
    }
    let message: Message;
    try {
      message = decodeMessage(body);
    } catch (error) {
      this.#warn(request, 'failed to unmarshal Raft message', { error: errorText(error) });
      sendError(response, 400, 'error unmarshalling raft message');
      return;
    }
    this.#addSender(request);
    this.#process(message, request, response);
  }

  #process(message: Message, request: IncomingMessage, response: ServerResponse): void {
    const { settings, handlers, inbox } = this.#context;
    if (message.to === settings.memberId && !isWireType(message.type)) {
      // As etcd does: the sender is none the wiser, and Raft does not see it.
      this.#warn(request, 'ignored a Raft message', { 'message-type': message.type });
    } else {
      const fault = handlers.isRemoved(message.from)
        ? 'cannot process message from removed member'
        : messageFault(message, settings.memberId);
      if (fault !== undefined) {
        this.#warn(request, 'failed to process Raft message', {
          'message-type': message.type,
          error: fault,
        });
        sendErrorAndClose(response, 500, 'error processing raft message');
        return;
      }
      inbox.add(message);
    }
    response.writeHead(204);
    response.end();
  }

  async #takeSnapshot(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (refuseOtherMethods(request, response, 'POST')) return;
    this.#setClusterId(response);
    if (this.#refuseIncompatible(request, response)) return;
    this.#addSender(request);
    await this.#snapshots.take(request, response);
  }

  #openStream(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { settings, handlers } = this.#context;
    if (refuseOtherMethods(request, response, 'GET')) return;
    response.setHeader('X-Server-Version', settings.version);
    this.#setClusterId(response);
    if (this.#refuseIncompatible(request, response)) return;
    const deny = (status: number, reason: string) => {
      this.#warn(request, 'refused a stream', { path, error: reason });
      sendError(response, status, reason);
    };
    const slash = path.lastIndexOf('/');
    const kind = path.slice(STREAM_PREFIX.length, slash);
    if (kind !== StreamKind.message && kind !== StreamKind.append) {
      deny(404, 'invalid path');
      return;
    }
    const from = parseId(path.slice(slash + 1));
    if (from === undefined) {
      deny(404, 'invalid from');
      return;
    }
    // The sender stops for good when it hears this: only who really was removed may.
    if (handlers.isRemoved(from)) {
      deny(410, 'removed member');
      return;
    }
    const peer = this.#directory.peer(from);
    if (peer === undefined) {
      const urls = headerText(request.headers, 'x-peerurls');
      if (urls !== '') this.#directory.addRemote(from, urls.split(','));
      deny(404, 'error sender not found');
      return;
    }
    if (headerText(request.headers, 'x-raft-to') !== formatNodeId(settings.memberId)) {
      deny(412, 'to field mismatch');
      return;
    }
    // The stream ends with its connection.
    response.writeHead(200, { Connection: 'close' });
    response.flushHeaders();
    peer.attach(kind, response);
  }

  #setClusterId(response: ServerResponse): void {
    response.setHeader('X-Etcd-Cluster-ID', formatNodeId(this.#context.settings.clusterId));
  }

  #warn(request: IncomingMessage, message: string, fields: Record<string, unknown>): void {
    const sender = headerText(request.headers, 'x-server-from').slice(0, 32);
    this.#context.throttledLog.warn(sender, message, {
      'local-member-id': formatNodeId(this.#context.settings.memberId),
      'remote-peer-server-name': sender,
      'remote-address': remoteAddress(request),
      ...fields,
    });
  }
}

/** The whole body of a POST. What is too long stays unread: the sender is still there to be told. */
function readPosted(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', onData);
      request.pause();
      reject(new FrameTooLargeError());
    };
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks, sizeBytes)));
    request.on('error', reject);
    request.once('close', () => reject(new FrameTruncatedError()));
  });
}

/** Undefined if the connection is gone. */
function remoteAddress(request: IncomingMessage): string | undefined {
  const socket: Socket | null = request.socket;
  return socket?.remoteAddress;
}

function answerProbe(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`{"OK":true,"Now":"${new Date().toISOString()}"}\n`);
}
