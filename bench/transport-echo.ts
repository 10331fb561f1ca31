/**
 * What the carriers cost by themselves: h2load against an echo handler on both, in one run.
 *
 *   node dist/bench/transport-echo.js [seconds per measurement]
 *
 * Each carrier runs in a process of its own. h2load comes with Debian's nghttp2-client.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGrpcJsCarrier, createHttp2Carrier, type RpcMethod } from '../src/transport/index.js';

const PATH = '/bench.Echo/Echo';
const MESSAGE_BYTES = 300;
const SHAPES = [
  { connections: 64, streams: 16 },
  { connections: 16, streams: 4 },
  { connections: 1, streams: 1 },
] as const;
const CARRIERS = { 'grpc-js': createGrpcJsCarrier, http2: createHttp2Carrier } as const;
type CarrierName = keyof typeof CARRIERS;

const echo: RpcMethod = {
  kind: 'unary',
  path: PATH,
  handle: (request, _context, responder) => responder.respond(null, request),
};

/** The process that serves: tells its port, and its CPU time when asked, until it is killed. */
function serve(name: CarrierName): void {
  const carrier = CARRIERS[name](
    {
      maxReceiveBytes: 2 * 1024 * 1024,
      maxConcurrentStreams: 2 ** 32 - 1,
      keepaliveMinTimeMs: 5000,
      keepaliveIntervalMs: 2 * 3600 * 1000,
      keepaliveTimeoutMs: 20_000,
    },
    [echo],
  );
  const server = createServer({ noDelay: true }, (socket) => carrier.accept(socket));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) process.send?.(address.port);
  });
  process.on('message', () => process.send?.(process.cpuUsage()));
  process.on('SIGTERM', () => process.exit(0));
}

interface Measurement {
  readonly requestsPerSecond: number;
  readonly meanLatency: string;
  readonly requests: number;
  /** The server's CPU time; it tells more than the rate where others use the machine. */
  readonly cpuMicrosPerRequest: number;
}

async function cpuMicros(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [usage] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return usage.user + usage.system;
}

function load(port: number, body: string, shape: (typeof SHAPES)[number], seconds: number) {
  const { connections, streams } = shape;
  const output = execFileSync(
    'h2load',
    [
      ...['-c', String(connections), '-m', String(streams), '-D', String(seconds)],
      ...['-d', body, '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://127.0.0.1:${port}${PATH}`,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const failed = Number(/(\d+) failed/.exec(output)?.[1] ?? '0');
  if (failed > 0) throw new Error(`h2load reports failures:\n${output}`);
  return {
    requestsPerSecond: Number(/, ([\d.]+) req\/s/.exec(output)?.[1] ?? Number.NaN),
    meanLatency: /time for request:\s+\S+\s+\S+\s+(\S+)/.exec(output)?.[1] ?? '?',
    requests: Number(/(\d+) succeeded/.exec(output)?.[1] ?? Number.NaN),
  };
}

async function measure(seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-bench-'));
  const body = join(folder, 'body');
  const message = Buffer.alloc(5 + MESSAGE_BYTES);
  message.writeUInt32BE(MESSAGE_BYTES, 1);
  writeFileSync(body, message);
  const results = new Map<string, Measurement>();
  for (const name of Object.keys(CARRIERS)) {
    const child = fork(process.argv[1] ?? '', ['--serve', name]);
    try {
      const [port] = await once(child, 'message');
      for (const shape of SHAPES) {
        load(Number(port), body, shape, 1);
        const before = await cpuMicros(child);
        const measured = load(Number(port), body, shape, seconds);
        const cpuMicrosPerRequest = ((await cpuMicros(child)) - before) / measured.requests;
        results.set(`${name} ${shape.connections}`, { ...measured, cpuMicrosPerRequest });
      }
    } finally {
      child.kill('SIGTERM');
    }
  }
  rmSync(folder, { recursive: true });
  print(results);
}

function print(results: ReadonlyMap<string, Measurement>): void {
  console.log(
    'connections × streams | grpc-js: req/s (mean, CPU) | http2: the same | ratio of req/s, of CPU',
  );
  for (const { connections, streams } of SHAPES) {
    const reference = results.get(`grpc-js ${connections}`);
    const own = results.get(`http2 ${connections}`);
    if (reference === undefined || own === undefined) continue;
    const rate = own.requestsPerSecond / reference.requestsPerSecond;
    const cpu = own.cpuMicrosPerRequest / reference.cpuMicrosPerRequest;
    const columns = [
      `${connections}×${streams}`,
      ...[reference, own].map(describe),
      `${rate.toFixed(2)}, ${cpu.toFixed(3)}`,
    ];
    console.log(columns.join(' | '));
  }
}

function describe(measurement: Measurement): string {
  const { requestsPerSecond, meanLatency, cpuMicrosPerRequest } = measurement;
  return `${Math.round(requestsPerSecond)} (${meanLatency}, ${cpuMicrosPerRequest.toFixed(2)} µs)`;
}

const [mode, name] = process.argv.slice(2);
if (mode === '--serve') serve(name === 'http2' ? 'http2' : 'grpc-js');
else await measure(Number(mode ?? '3'));
