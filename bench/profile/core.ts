import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createRpcService } from '../../src/api/index.js';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { systemRandom } from '../../src/base/random.js';
import { defaultConfig } from '../../src/embed/index.js';
import { serverOptions } from '../../src/embed/server-options.js';
import { NodePeerConnector } from '../../src/peer/index.js';
import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { KvorumServer } from '../../src/server/index.js';
import { bytesOf, type UnaryMethod } from '../../src/transport/index.js';
import type { BenchOptions } from '../command-line.js';
import { benchFolder } from '../folders.js';
import { formatNumber } from '../format.js';
import type { Workload } from '../load/jobs.js';
import { type CallSource, callSources } from '../load/workloads.js';
import { renderProfile } from './render.js';
import { type CpuProfile, summarise } from './summary.js';

/** As many calls are under way as with 64 connections × 16 streams. */
const CALLS_UNDER_WAY = 1024;
const SAMPLING_INTERVAL_US = 250;
const CONTEXT = { metadata: () => undefined };

const rangeBody = KV.methods.range.request.encode({ key: Buffer.from('/bench/00000000') });

/** What can be run below the transport. */
const WORKLOADS: Readonly<Record<string, Workload>> = {
  range: {
    kind: 'fixed',
    path: KV.methods.range.path,
    bodies: [rangeBody.toString('base64')],
    minResponseBytes: 0,
  },
  put: { kind: 'put', prefix: '/bench/', keys: 100_000, valueBytes: 256 },
  txn: { kind: 'transactions', prefix: '/registry/pods/', valueBytes: 1024 },
};

/**
 * Calls the handlers of a member in this process, with no socket and no gRPC, and prints the rate and
 * the profile: what the rooms below the transport can do, which a faster transport would lay open.
 */
export async function profileCore(options: BenchOptions): Promise<void> {
  const config = { ...defaultConfig(), dataDir: join(benchFolder(), 'data') };
  const server = await KvorumServer.open(serverOptions(config), {
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    connector: new NodePeerConnector(),
  });
  const service = createRpcService(server, { clock: systemClock });
  try {
    await server.start();
    await server.ready;

    const methods = new Map(
      service.methods.flatMap((method) =>
        method.kind === 'unary' ? [[method.path, method] as const] : [],
      ),
    );
    for (const [name, workload] of Object.entries(WORKLOADS)) {
      console.log(`## ${name}, below the transport, ${CALLS_UNDER_WAY} calls under way\n`);
      await profileWorkload(methods, workload, options);
    }
  } finally {
    service.stop();
    await server.stop();
  }
}

async function profileWorkload(
  methods: ReadonlyMap<string, UnaryMethod>,
  workload: Workload,
  options: BenchOptions,
): Promise<void> {
  const load = new CoreLoad(methods, workload);
  load.start();
  await setTimeout(options.settings.warmupMs);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
  await session.post('Profiler.start');
  const cpu = process.cpuUsage();
  const beganMs = performance.now();
  const countBefore = load.count;
  await setTimeout(options.settings.durationMs);
  const seconds = (performance.now() - beganMs) / 1000;
  const count = load.count - countBefore;
  const { user, system } = process.cpuUsage(cpu);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await load.stop();
  const cpuPer1000 = formatNumber((user + system) / 1e3 / count);
  console.log(
    `${formatNumber(count / seconds)} calls/s, ${cpuPer1000} CPU s per 1,000 (all threads, the caller included).\n`,
  );
  console.log(renderProfile(summarise(profile as CpuProfile)));
}

/** A closed loop over the handlers. */
class CoreLoad {
  count = 0;
  private readonly methods: ReadonlyMap<string, UnaryMethod>;
  private readonly sources: CallSource[];
  private underWay = 0;
  private stopping: (() => void) | undefined;

  constructor(methods: ReadonlyMap<string, UnaryMethod>, workload: Workload) {
    this.methods = methods;
    this.sources = callSources(workload, CALLS_UNDER_WAY);
  }

  start(): void {
    for (const source of this.sources) this.call(source);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.stopping = resolve;
    });
  }

  private call(source: CallSource): void {
    const body = Buffer.allocUnsafe(source.maxSizeBytes);
    const request = body.subarray(0, source.write(body, 0));
    this.underWay++;
    this.methods.get(source.path)?.handle(request, CONTEXT, {
      respond: (error, response) => {
        if (error !== null) throw error;
        if (response !== undefined) {
          const bytes = bytesOf(response);
          source.onResponse?.(bytes, 0, bytes.length);
        }
        this.count++;
        this.underWay--;
        if (this.stopping === undefined) this.call(source);
        else if (this.underWay === 0) this.stopping();
      },
    });
  }
}
