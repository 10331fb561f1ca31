import type { Clock } from '../../base/clock.js';
import { GrpcCode, type RpcError } from '../../base/errors.js';
import { LimitedLog } from '../../base/limited-log.js';
import type { Logger } from '../../base/logger.js';
import { Histogram } from '../../base/metrics.js';
import type {
  CallContext,
  Message,
  Responder,
  RpcMethod,
  StreamCall,
  StreamMethod,
  StreamReceiver,
  UnaryMethod,
} from '../../transport/index.js';

/** Go's gRPC library names the kinds so. */
const TYPES = { unary: 'unary', server: 'server_stream', bidi: 'bidi_stream' } as const;
/** The usual bounds of a latency, in seconds. */
const HANDLING_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CODE_COUNT = Math.max(...Object.values(GrpcCode)) + 1;
const VERSION_HEADER = 'client-api-version';
/** How fine the time is by which slow calls are found, unless it has to be exact. */
const COARSE_TICK_MS = 25;
/** Limits above this do not need the exact time. */
const EXACT_BELOW_MS = 200;
/** Clients say what they want as their version: so many are told apart. */
const MAX_VERSIONS = 64;

/** The calls of one method. */
export interface MethodCalls {
  readonly service: string;
  readonly method: string;
  readonly type: (typeof TYPES)[keyof typeof TYPES];
  started: number;
  messagesReceived: number;
  messagesSent: number;
  /** By status code. */
  readonly handled: number[];
  /** Seconds; undefined unless latencies are measured. */
  readonly handling: Histogram | undefined;
}

export interface RpcCallOptions {
  /** Keep a histogram of each method's latencies (`--metrics=extensive`). */
  readonly measuresLatency: boolean;
  /** Unary calls that take longer are logged. */
  readonly warningDurationMs: number;
}

export interface RpcCallDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What clients call, counted by method: numbers, a few additions a call. */
export class RpcCalls {
  readonly methods: MethodCalls[] = [];
  receivedBytes = 0;
  sentBytes = 0;
  /** Calls by the version of the API that the client says it speaks; the key begins with the kind. */
  readonly byClientVersion = new Map<string, { count: number }>();
  readonly #options: RpcCallOptions;
  readonly #dependencies: RpcCallDependencies;
  /** On a member that has more to do than it can every request is slow. */
  readonly #slowLog: LimitedLog;
  /** Reading the clock twice costs more than everything else here, so it is left out where it may be. */
  readonly #isExact: boolean;
  #coarseMs: number;
  #cancelTick: (() => void) | undefined;

  constructor(options: RpcCallOptions, dependencies: RpcCallDependencies) {
    const { clock } = dependencies;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#slowLog = new LimitedLog(dependencies);
    this.#isExact = options.measuresLatency || options.warningDurationMs < EXACT_BELOW_MS;
    this.#coarseMs = clock.nowMs();
    if (this.#isExact) return;
    this.#cancelTick = clock.setInterval(() => {
      this.#coarseMs = clock.nowMs();
    }, COARSE_TICK_MS);
  }

  stop(): void {
    this.#cancelTick?.();
  }

  #nowMs(): number {
    return this.#isExact ? this.#dependencies.clock.nowMs() : this.#coarseMs;
  }

  /** The same methods, counted. */
  count(methods: readonly RpcMethod[]): RpcMethod[] {
    return methods.map((method) => {
      const calls = this.#register(method);
      return method.kind === 'unary' ? this.#unary(method, calls) : this.#stream(method, calls);
    });
  }

  #register({ path, kind }: RpcMethod): MethodCalls {
    const [, service = '', method = ''] = path.split('/');
    const handling = this.#options.measuresLatency ? new Histogram(HANDLING_BOUNDS) : undefined;
    const calls = {
      ...{ service, method, type: TYPES[kind], handling },
      ...{ started: 0, messagesReceived: 0, messagesSent: 0 },
      handled: new Array<number>(CODE_COUNT).fill(0),
    };
    this.methods.push(calls);
    return calls;
  }

  #unary(method: UnaryMethod, calls: MethodCalls): UnaryMethod {
    const countVersion = this.#versionCounter('unary');
    return {
      ...method,
      handle: (request, context, responder) => {
        calls.started++;
        calls.messagesReceived++;
        this.receivedBytes += request.length;
        countVersion(context);
        const counted = new CountedUnary(this, calls, responder, this.#nowMs(), request.length);
        method.handle(request, context, counted);
      },
    };
  }

  /** The answer of a unary call, on its way to the client. */
  answered(
    calls: MethodCalls,
    startMs: number,
    requestBytes: number,
    error: RpcError | null,
    responseBytes: number,
  ): void {
    const tookMs = this.#nowMs() - startMs;
    if (error === null) {
      calls.messagesSent++;
      this.sentBytes += responseBytes;
    }
    this.#ended(calls, error === null ? GrpcCode.ok : error.code, tookMs);
    if (tookMs > this.#options.warningDurationMs) {
      this.#warn(`/${calls.service}/${calls.method}`, tookMs, requestBytes, responseBytes);
    }
  }

  #stream(method: StreamMethod, calls: MethodCalls): StreamMethod {
    const countVersion = this.#versionCounter('stream');
    return {
      ...method,
      open: (call) => {
        calls.started++;
        countVersion(call);
        return this.#openStream(method, calls, call);
      },
    };
  }

  #openStream(method: StreamMethod, calls: MethodCalls, call: StreamCall): StreamReceiver {
    const startMs = this.#nowMs();
    const over = (code: number): void => this.#ended(calls, code, this.#nowMs() - startMs);
    const counted = new CountedCall(calls, this, call, over);
    return new CountedReceiver(calls, this, method.open(counted), counted);
  }

  #ended(calls: MethodCalls, code: number, tookMs: number): void {
    calls.handled[code] = (calls.handled[code] ?? 0) + 1;
    calls.handling?.observe(tookMs / 1000);
  }

  /** Calls of one connection come with the same context: its version is looked up once. */
  #versionCounter(kind: 'unary' | 'stream'): (context: CallContext) => void {
    let lastContext: CallContext | undefined;
    let counter = { count: 0 };
    return (context) => {
      if (context !== lastContext) {
        lastContext = context;
        counter = this.#counterOf(kind, context.metadata(VERSION_HEADER) ?? 'unknown');
      }
      counter.count++;
    };
  }

  #counterOf(kind: 'unary' | 'stream', version: string): { count: number } {
    const { byClientVersion } = this;
    const wanted = `${kind} ${version}`;
    const isKnown = byClientVersion.has(wanted) || byClientVersion.size < MAX_VERSIONS;
    const key = isKnown ? wanted : `${kind} unknown`;
    const known = byClientVersion.get(key);
    if (known !== undefined) return known;
    const created = { count: 0 };
    byClientVersion.set(key, created);
    return created;
  }

  /** Sizes only: what was asked for and answered is nobody's business. */
  #warn(path: string, tookMs: number, requestBytes: number, responseBytes: number): void {
    const { clock } = this.#dependencies;
    this.#slowLog.warn('request stats', {
      'start time': new Date(clock.unixMs() - tookMs).toISOString(),
      'time spent': `${tookMs.toFixed(3)}ms`,
      'response type': path,
      'request size': requestBytes,
      'response size': responseBytes,
    });
  }
}

/** A unary call under way: counted when it is answered. */
class CountedUnary implements Responder {
  readonly #owner: RpcCalls;
  readonly #calls: MethodCalls;
  readonly #responder: Responder;
  readonly #startMs: number;
  readonly #requestBytes: number;

  constructor(
    owner: RpcCalls,
    calls: MethodCalls,
    responder: Responder,
    startMs: number,
    requestBytes: number,
  ) {
    this.#owner = owner;
    this.#calls = calls;
    this.#responder = responder;
    this.#startMs = startMs;
    this.#requestBytes = requestBytes;
  }

  respond(error: RpcError | null, response?: Message): void {
    const responseBytes = response === undefined ? 0 : response.length;
    this.#owner.answered(this.#calls, this.#startMs, this.#requestBytes, error, responseBytes);
    this.#responder.respond(error, response);
  }
}

/** Bytes of all methods. */
interface ByteCounts {
  receivedBytes: number;
  sentBytes: number;
}

/** The carrier's end of a stream, counted. */
class CountedCall implements StreamCall {
  readonly #calls: MethodCalls;
  readonly #bytes: ByteCounts;
  readonly #call: StreamCall;
  readonly #onOver: (code: number) => void;
  #isOver = false;

  constructor(
    calls: MethodCalls,
    bytes: ByteCounts,
    call: StreamCall,
    onOver: (code: number) => void,
  ) {
    this.#calls = calls;
    this.#bytes = bytes;
    this.#call = call;
    this.#onOver = onOver;
  }

  metadata(name: string): string | undefined {
    return this.#call.metadata(name);
  }

  write(message: Message): boolean {
    this.#calls.messagesSent++;
    this.#bytes.sentBytes += message.length;
    return this.#call.write(message);
  }

  end(error: RpcError | null): void {
    this.over(error?.code ?? GrpcCode.ok);
    this.#call.end(error);
  }

  /** The first that is told ends the call. */
  over(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver(code);
  }
}

/** The handler's end of a stream, counted. */
class CountedReceiver implements StreamReceiver {
  readonly #calls: MethodCalls;
  readonly #bytes: ByteCounts;
  readonly #receiver: StreamReceiver;
  readonly #call: CountedCall;

  constructor(calls: MethodCalls, bytes: ByteCounts, receiver: StreamReceiver, call: CountedCall) {
    this.#calls = calls;
    this.#bytes = bytes;
    this.#receiver = receiver;
    this.#call = call;
  }

  message(bytes: Buffer): void {
    this.#calls.messagesReceived++;
    this.#bytes.receivedBytes += bytes.length;
    this.#receiver.message(bytes);
  }

  halfClosed(): void {
    this.#receiver.halfClosed();
  }

  drained(): void {
    this.#receiver.drained();
  }

  closed(): void {
    this.#call.over(GrpcCode.canceled);
    this.#receiver.closed();
  }
}
