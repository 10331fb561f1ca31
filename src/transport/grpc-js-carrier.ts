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
import { GrpcCode, RpcError } from '../base/errors.js';
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
  return {
    accept: (socket) => injector.injectConnection(socket),
    close() {
      injector.destroy();
      server.forceShutdown();
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
  return (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => {
    const tooLarge = sizeError(call.request.length, maxReceiveBytes);
    if (tooLarge !== undefined) {
      respond(statusOf(tooLarge));
      return;
    }
    method.handle(call.request, contextOf(call.metadata), (error, response) => {
      if (error !== null) respond(statusOf(error));
      else respond(null, response === undefined ? Buffer.alloc(0) : bytesOf(response));
    });
  };
}

/** The common part of both kinds of streams. */
function openStream(
  method: StreamMethod,
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
): { receiver: StreamReceiver; end: (error: RpcError | null) => void } {
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
  const receiver = method.open({
    ...contextOf(call.metadata),
    write: (message) => isOver || call.write(bytesOf(message)),
    end,
  });
  opened = receiver;
  // The handler may have ended the call while it was opened.
  if (isOver) receiver.closed();
  call.on('cancelled', over);
  call.on('close', over);
  call.on('error', over);
  call.on('drain', () => {
    if (!isOver) receiver.drained();
  });
  return { receiver, end };
}

function serverStreamHandler(method: StreamMethod, maxReceiveBytes: number) {
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    const { receiver, end } = openStream(method, call);
    const tooLarge = sizeError(call.request.length, maxReceiveBytes);
    if (tooLarge !== undefined) {
      end(tooLarge);
      return;
    }
    receiver.message(call.request);
    receiver.halfClosed();
  };
}

function bidiHandler(method: StreamMethod, maxReceiveBytes: number) {
  return (call: ServerDuplexStream<Buffer, Buffer>): void => {
    const { receiver, end } = openStream(method, call);
    call.on('data', (message: Buffer) => {
      const tooLarge = sizeError(message.length, maxReceiveBytes);
      if (tooLarge === undefined) receiver.message(message);
      else end(tooLarge);
    });
    call.on('end', () => receiver.halfClosed());
  };
}
