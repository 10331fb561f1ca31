import { createServer, type Server } from 'node:net';
import { GrpcCode, RpcError } from '../../../src/base/errors.js';
import type { Logger } from '../../../src/base/logger.js';
import {
  type Carrier,
  createGrpcJsCarrier,
  createHttp2Carrier,
  type Http2Limits,
  type RpcMethod,
  type StreamCall,
  type StreamReceiver,
} from '../../../src/transport/index.js';
import type { Cleanup } from '../../support/cleanup.js';

/** What the handlers have seen, for assertions. */
export class Witness {
  /** Calls of streams that were opened, and that have ended. */
  opened = 0;
  closed = 0;
  halfClosed = 0;
  drained = 0;
  /** Writes that returned false. */
  refusedWrites = 0;
  readonly messages: Buffer[] = [];
  /** Answers that unary calls of `Late` wait for. */
  readonly late: ((response: Buffer) => void)[] = [];
  readonly calls: StreamCall[] = [];
  readonly #waiting: { condition: () => boolean; resolve: () => void }[] = [];

  changed(): void {
    for (const entry of [...this.#waiting]) {
      if (!entry.condition()) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.resolve();
    }
  }

  /** Waits until the handlers have seen something. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }));
  }
}

const numberOf = (bytes: Buffer): number => Number(bytes.toString());

function receiver(
  witness: Witness,
  own: { message?(bytes: Buffer): void; halfClosed?(): void; drained?(): void },
): StreamReceiver {
  witness.opened += 1;
  return {
    message(bytes) {
      witness.messages.push(bytes);
      own.message?.(bytes);
      witness.changed();
    },
    halfClosed() {
      witness.halfClosed += 1;
      own.halfClosed?.();
      witness.changed();
    },
    drained() {
      witness.drained += 1;
      own.drained?.();
      witness.changed();
    },
    closed() {
      witness.closed += 1;
      witness.changed();
    },
  };
}

/** Handlers that show what a carrier does; `/test.Echo/…`. */
export function testMethods(witness: Witness): RpcMethod[] {
  return [
    {
      kind: 'unary',
      path: '/test.Echo/Echo',
      handle: (request, _context, responder) => responder.respond(null, request),
    },
    {
      // Fails with the code and text of the request: `5 no such thing`.
      kind: 'unary',
      path: '/test.Echo/Fail',
      handle(request, _context, responder) {
        const [code = '', ...words] = request.toString().split(' ');
        responder.respond(new RpcError(Number(code) as GrpcCode, words.join(' ')));
      },
    },
    {
      kind: 'unary',
      path: '/test.Echo/Throw',
      handle() {
        throw new Error('a broken handler');
      },
    },
    {
      kind: 'bidi',
      path: '/test.Echo/ThrowAtOnce',
      open() {
        throw new Error('a handler that does not even open');
      },
    },
    {
      // Echoes until it is told to throw.
      kind: 'bidi',
      path: '/test.Echo/ThrowLater',
      open(call) {
        return receiver(witness, {
          message(bytes) {
            if (bytes.toString() === 'throw') throw new Error('a broken handler');
            call.write(bytes);
          },
        });
      },
    },
    {
      // Answers when the test says so.
      kind: 'unary',
      path: '/test.Echo/Late',
      handle(_request, _context, responder) {
        witness.late.push((response) => responder.respond(null, response));
        witness.changed();
      },
    },
    {
      // Answers with the value of the header that the request names.
      kind: 'unary',
      path: '/test.Echo/Header',
      handle(request, context, responder) {
        responder.respond(null, Buffer.from(context.metadata(request.toString()) ?? '(none)'));
      },
    },
    {
      // Answers with the length of the request.
      kind: 'unary',
      path: '/test.Echo/Length',
      handle: (request, _context, responder) =>
        responder.respond(null, Buffer.from(String(request.length))),
    },
    {
      // Answers with so many bytes.
      kind: 'unary',
      path: '/test.Echo/Large',
      handle: (request, _context, responder) =>
        responder.respond(null, Buffer.alloc(numberOf(request), 'x')),
    },
    {
      kind: 'bidi',
      path: '/test.Echo/Chat',
      open(call) {
        witness.calls.push(call);
        return receiver(witness, {
          message: (bytes) => call.write(bytes),
          halfClosed: () => call.end(null),
        });
      },
    },
    {
      // Ends at once, before its receiver is known.
      kind: 'bidi',
      path: '/test.Echo/Refuse',
      open(call) {
        call.end(new RpcError(GrpcCode.permissionDenied, 'not you'));
        return receiver(witness, {});
      },
    },
    {
      // Writes what the test writes.
      kind: 'bidi',
      path: '/test.Echo/Open',
      open(call) {
        witness.calls.push(call);
        witness.changed();
        return receiver(witness, {});
      },
    },
    {
      // `count size`: so many messages of so many bytes, as fast as the client takes them.
      kind: 'server',
      path: '/test.Echo/Pour',
      open(call) {
        let left = 0;
        let body = Buffer.alloc(0);
        const pour = (): void => {
          while (left > 0) {
            left -= 1;
            if (!call.write(body)) {
              witness.refusedWrites += 1;
              if (left > 0) return;
            }
          }
          call.end(null);
        };
        return receiver(witness, {
          message(bytes) {
            const [count = 0, size = 0] = bytes.toString().split(' ').map(Number);
            left = count;
            body = Buffer.alloc(size, 'y');
            pour();
          },
          drained: pour,
        });
      },
    },
  ];
}

export const CARRIER_OPTIONS = {
  maxReceiveBytes: 2 * 1024 * 1024,
  maxConcurrentStreams: 2 ** 32 - 1,
  keepaliveMinTimeMs: 5000,
  keepaliveIntervalMs: 2 * 60 * 60 * 1000,
  keepaliveTimeoutMs: 20_000,
};

/** Fails the test run when a connection breaks by a fault of ours. */
export const strictLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error(message, fields) {
    queueMicrotask(() => {
      throw new Error(`${message}: ${JSON.stringify(fields)}`);
    });
  },
  child: () => strictLogger,
};

export interface Service {
  readonly port: number;
  readonly witness: Witness;
  readonly carrier: Carrier;
}

export type ServiceOptions = Partial<typeof CARRIER_OPTIONS> & {
  readonly limits?: Partial<Http2Limits>;
};

/** Serves the test methods over our own HTTP/2 on a port of the system's choice. */
export async function serveHttp2(cleanup: Cleanup, options: ServiceOptions = {}): Promise<Service> {
  const witness = new Witness();
  const carrier = createHttp2Carrier({ ...CARRIER_OPTIONS, ...options }, testMethods(witness), {
    logger: strictLogger,
  });
  return { port: await listenFor(carrier, cleanup), witness, carrier };
}

/** The same over the reference. */
export async function serveGrpcJs(
  cleanup: Cleanup,
  options: Partial<typeof CARRIER_OPTIONS> = {},
): Promise<Service> {
  const witness = new Witness();
  const carrier = createGrpcJsCarrier({ ...CARRIER_OPTIONS, ...options }, testMethods(witness));
  return { port: await listenFor(carrier, cleanup), witness, carrier };
}

/** Listens on a port of the system's choice, for a carrier that takes what `server` gives it. */
export function listenFor(
  carrier: Carrier,
  cleanup: Cleanup,
  server: Server = createServer({ noDelay: true }, (socket) => carrier.accept(socket)),
): Promise<number> {
  cleanup.after(() => {
    carrier.close();
    server.close();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
  });
}
