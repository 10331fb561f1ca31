import type { Socket } from 'node:net';
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { errorText, GrpcCode, RpcError } from '../base/errors.js';
import {
  bytesOf,
  type CallContext,
  type RpcMethod,
  type StreamMethod,
  type StreamReceiver,
  type UnaryMethod,
} from './handler.js';

export interface CarrierOptions {
  /** Largest message taken from a client. */
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
  /** Clients may ping this often without being sent away. */
  readonly keepaliveMinTimeMs: number;
  /** The server pings idle connections this often; 0: never. */
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
}

/** Carries calls over the connections it is given. */
export interface Carrier {
  /** Takes over a connection on which a client speaks HTTP/2; bytes may be waiting to be read. */
  accept(socket: Socket): void;
  /** Ends all calls and connections. */
  close(): void;
  /**
   * Sends all clients away: calls at work are finished, no new ones taken. Resolves when all
   * connections are closed, which they are at the latest after `timeoutMs`.
   */
  drain(timeoutMs: number): Promise<void>;
}

const asBytes = (bytes: Buffer): Buffer => bytes;
/** grpc-js takes a little more than our limit, so that the refusal is ours and reads as etcd's. */
const LIMIT_MARGIN_BYTES = 8 * 1024 * 1024;
const MAX_INT32 = 2 ** 31 - 1;

/** The reference carrier: @grpc/grpc-js, which knows nothing of our messages either. */
export function createGrpcJsCarrier(
  options: CarrierOptions,
  methods: readonly RpcMethod[],
): Carrier {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxReceiveBytes + LIMIT_MARGIN_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': Math.min(options.maxConcurrentStreams, MAX_INT32),
    ...(options.keepaliveIntervalMs > 0
      ? {
          'grpc.keepalive_time_ms': options.keepaliveIntervalMs,
          'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
        }
      : {}),
  });
  for (const method of methods) {
    if (method.kind === 'unary') {
      const handle = unaryHandler(method, options.maxReceiveBytes);
      server.register(method.path, handle, asBytes, asBytes, 'unary');
    } else if (method.kind === 'server') {
      const handle = serverStreamHandler(method, options.maxReceiveBytes);
      server.register(method.path, handle, asBytes, asBytes, 'serverStream');
    } else {
      const handle = bidiHandler(method, options.maxReceiveBytes);
      server.register(method.path, handle, asBytes, asBytes, 'bidi');
    }
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  let onEmpty = (): void => {};
  const close = (): void => {
    injector.destroy();
    server.forceShutdown();
  };
  return {
    accept(socket) {
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        if (sockets.size === 0) onEmpty();
      });
      injector.injectConnection(socket);
    },
    close,
    async drain(timeoutMs) {
      if (sockets.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          onEmpty = () => {
            clearTimeout(timer);
            resolve();
          };
          injector.drain(timeoutMs);
        });
      }
      close();
    },
  };
}

const contextOf = (metadata: Metadata): CallContext => ({
  metadata: (name) => metadata.get(name)[0]?.toString(),
});

const statusOf = (error: RpcError) => ({
  name: error.name,
  message: error.message,
  code: error.code,
  details: error.message,
});

const OK_STATUS = { name: 'OK', message: '', code: GrpcCode.ok, details: '' };

function sizeError(sizeBytes: number, limitBytes: number): RpcError | undefined {
  if (sizeBytes <= limitBytes) return undefined;
  return new RpcError(
    GrpcCode.resourceExhausted,
    `grpc: received message larger than max (${sizeBytes} vs. ${limitBytes})`,
  );
}

function unaryHandler(method: UnaryMethod, maxReceiveBytes: number) {
  return (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    const tooLarge = sizeError(call.request.length, maxReceiveBytes);
    if (tooLarge !== undefined) {
      answer(statusOf(tooLarge));
      return;
    }
    try {
      method.handle(call.request, contextOf(call.metadata), {
        respond(error, response) {
          if (error !== null) answer(statusOf(error));
          else answer(null, response === undefined ? Buffer.alloc(0) : bytesOf(response));
        },
      });
    } catch (error) {
      answer(statusOf(unexpected(error)));
    }
  };
}

/** A handler maps its errors itself; what it throws is a fault of ours. */
function unexpected(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(GrpcCode.internal, errorText(error));
}

/** A stream as its carrier keeps it. */
interface OpenStream {
  /** Tells the handler something, unless it has heard that the call is over; its faults end the call. */
  tell(action: (receiver: StreamReceiver) => void): void;
  end(error: RpcError | null): void;
}

/** The common part of both kinds of streams. */
function openStream(
  method: StreamMethod,
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
): OpenStream {
  let isOver = false;
  let opened: StreamReceiver | undefined;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    opened?.closed();
  };
  const end = (error: RpcError | null): void => {
    if (isOver) return;
    // call.end() would send the message "OK" with the status; etcd sends none.
    call.emit('error', error === null ? OK_STATUS : statusOf(error));
    over();
  };
  const tell = (action: (receiver: StreamReceiver) => void): void => {
    // Of a call that was cancelled the handler hears that it is over, and nothing before that.
    if (isOver || call.cancelled || opened === undefined) return;
    try {
      action(opened);
    } catch (error) {
      end(unexpected(error));
    }
  };
  call.on('cancelled', over);
  call.on('close', over);
  call.on('error', over);
  call.on('drain', () => tell((receiver) => receiver.drained()));
  try {
    opened = method.open({
      ...contextOf(call.metadata),
      write: (message) => isOver || call.write(bytesOf(message)),
      end,
    });
    // The handler may have ended the call while it was opened.
    if (isOver) opened.closed();
  } catch (error) {
    end(unexpected(error));
  }
  return { tell, end };
}

function serverStreamHandler(method: StreamMethod, maxReceiveBytes: number) {
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    const { tell, end } = openStream(method, call);
    const tooLarge = sizeError(call.request.length, maxReceiveBytes);
    if (tooLarge !== undefined) {
      end(tooLarge);
      return;
    }
    tell((receiver) => receiver.message(call.request));
    tell((receiver) => receiver.halfClosed());
  };
}

function bidiHandler(method: StreamMethod, maxReceiveBytes: number) {
  return (call: ServerDuplexStream<Buffer, Buffer>): void => {
    const { tell, end } = openStream(method, call);
    call.on('data', (message: Buffer) => {
      const tooLarge = sizeError(message.length, maxReceiveBytes);
      if (tooLarge === undefined) tell((receiver) => receiver.message(message));
      else end(tooLarge);
    });
    call.on('end', () => tell((receiver) => receiver.halfClosed()));
  };
}
