/*
 * Records what real clients send, for the fuzzer to mutate; run by hand when there is a new kind of
 * client: `node dist/test/transport/http2/fuzz/record.js`. Programs that are missing are left out.
 */
import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CleanupList } from '../../../support/cleanup.js';
import { makeTemporaryFolder, removeFolder } from '../../../support/folders.js';
import { GrpcClient } from '../../../support/grpc.js';
import { startMember } from '../../../support/member.js';
import { findOnPath } from '../../../support/programs.js';
import { testDataPath } from '../../../support/repository.js';
import { message } from '../raw-client.js';
import { serveHttp2 } from '../service.js';

const run = promisify(execFile);
const WATCH_MS = 500;

/** Passes connections on to a port and keeps what their clients send. */
async function recorderOf(cleanup: CleanupList, port: number) {
  const sessions: Buffer[][] = [];
  const server = createServer((client) => {
    const bytes: Buffer[] = [];
    sessions.push(bytes);
    const upstream = connect(port, '127.0.0.1');
    client.on('data', (chunk: Buffer) => bytes.push(chunk));
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(() => {
    server.close();
  });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const save = (name: string): void => {
    for (const [index, chunks] of sessions.splice(0).entries()) {
      writeFileSync(testDataPath('http2-sessions', `${name}-${index}.bin`), Buffer.concat(chunks));
    }
  };
  return { address, save };
}

async function recordGrpcJs(address: string, options: Record<string, number>): Promise<void> {
  const client = new GrpcClient(address, options);
  await client.unary('test.Echo/Echo', Buffer.from('hello'), { metadata: { token: 'secret' } });
  await client.unary('test.Echo/Fail', Buffer.from('5 no')).catch(() => undefined);
  const stream = client.bidirectional('test.Echo/Chat');
  for (let index = 0; index < 5; index++) stream.send(Buffer.alloc(index * 300, index));
  stream.halfClose();
  await stream.until(() => stream.ending !== undefined, 5000);
  await client.collect('test.Echo/Pour', Buffer.from('5 30000'));
  const cancelled = client.bidirectional('test.Echo/Open');
  cancelled.send(Buffer.from('x'));
  await sleep(50);
  cancelled.cancel();
  await client.unary('test.Echo/Large', Buffer.from('200000'));
  client.close();
}

async function recordNode(address: string): Promise<void> {
  const session = connectHttp2(`http://${address}`);
  const ask = async (path: string, body: string): Promise<void> => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-cookie': 'abc'.repeat(20),
    });
    stream.end(message(body));
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
  };
  session.settings({ initialWindowSize: 100_000 });
  await Promise.all(['1', '2', '3'].map((body) => ask('/test.Echo/Echo', body)));
  await ask('/test.Echo/Large', '300000');
  await new Promise((resolve) => session.ping(resolve));
  session.destroy();
}

async function recordEtcdctl(etcdctl: string, address: string): Promise<void> {
  const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: address };
  for (const words of [
    ['put', 'k', 'v'],
    ['get', 'k'],
    ['lease', 'grant', '60'],
  ]) {
    await run(etcdctl, words, { env });
  }
  const watch = spawn(etcdctl, ['watch', 'k', '--rev=1'], { env, stdio: 'ignore' });
  await sleep(WATCH_MS);
  watch.kill();
}

const cleanup = new CleanupList();
const folder = makeTemporaryFolder();
try {
  const { port } = await serveHttp2(cleanup);
  const echo = await recorderOf(cleanup, port);
  await recordGrpcJs(echo.address, {});
  echo.save('grpc-js');
  await recordGrpcJs(echo.address, { 'grpc.default_compression_algorithm': 2 });
  echo.save('grpc-js-gzip');
  await recordNode(echo.address);
  echo.save('node-http2');

  const body = join(folder, 'body');
  writeFileSync(body, message('hello'));
  const grpc = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const url = `http://${echo.address}/test.Echo/Echo`;
  for (const [name, words] of [
    ['nghttp', ['-n', '-d', body, ...grpc, url]],
    ['h2load', ['-n', '60', '-c', '1', '-m', '10', '-d', body, ...grpc, url]],
    [
      'curl',
      ['-sS', '-o', '-', '--http2-prior-knowledge', ...grpc, '--data-binary', `@${body}`, url],
    ],
  ] as const) {
    const program = findOnPath(name);
    if (program === undefined) continue;
    await run(program, words, { encoding: 'buffer' });
    echo.save(name);
  }

  const etcdctl = findOnPath('etcdctl');
  if (etcdctl !== undefined) {
    const member = await startMember(cleanup);
    const real = await recorderOf(cleanup, member.clientPort);
    await recordEtcdctl(etcdctl, real.address);
    real.save('etcdctl');
  }
} finally {
  removeFolder(folder);
  await cleanup.run();
}
process.exit();
