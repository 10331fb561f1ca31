import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, get, type IncomingHttpHeaders } from 'node:http';
import { get as getSecure, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { MemberHttp } from '../../src/http/index.js';
import { AlarmType, type KvorumServer } from '../../src/server/index.js';
import { CertificateAuthority, requireOpenssl } from '../support/certificates.js';
import { startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function fetchText(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    });
    request.on('error', reject);
  });
}

/** What the probes look at of a member, to be set at will. */
interface Condition {
  isCorrupt?: boolean;
  isFull?: boolean;
  isLearner?: boolean;
  leaderId?: bigint;
  readError?: Error;
}

async function serve(context: TestContext, condition: Condition): Promise<number> {
  const { isCorrupt = false, isFull = false, readError } = condition;
  const raised = new Set([
    ...(isCorrupt ? [AlarmType.corrupt] : []),
    ...(isFull ? [AlarmType.noSpace] : []),
  ] as number[]);
  const server: Partial<KvorumServer> = {
    isLearner: condition.isLearner ?? false,
    leaderId: condition.leaderId ?? 1n,
    linearizableRead: (callback) => callback(readError ?? null),
  };
  Object.assign(server, {
    alarms: { isRaised: (type: number) => raised.has(type) },
    store: { whenReadable: async () => {}, range: () => ({}) },
  });
  const options = {
    ...{ measuresLatency: false, warningDurationMs: 300, features: [] },
    ...{ corsOrigins: ['*'], hostWhitelist: ['*'] },
  };
  const dependencies = { server: server as KvorumServer, clock: systemClock, logger: silentLogger };
  const http = new MemberHttp(options, dependencies);
  context.after(() => http.stop());
  const listener = createServer(http.metricsHandler).listen(0, '127.0.0.1');
  context.after(() => listener.close());
  await new Promise((resolve) => listener.once('listening', resolve));
  return (listener.address() as AddressInfo).port;
}

test('a learner is alive, but not ready', async (context) => {
  const port = await serve(context, { isLearner: true });
  assert.equal((await fetchText(port, '/livez')).body, 'ok\n');
  const { status, body } = await fetchText(port, '/readyz');
  assert.equal(status, 503);
  assert.match(body, /^\[-\]non_learner failed: not supported for learner$/m);
  assert.ok(body.endsWith('\n\n'), 'the lines, then an empty one');
  assert.equal((await fetchText(port, '/readyz?exclude=non_learner')).body, 'ok\n');
  assert.equal((await fetchText(port, '/readyz/linearizable_read')).body, 'ok\n');
});

test('without a leader the process is alive, and neither ready nor healthy', async (context) => {
  const readError = new Error('etcdserver: request timed out');
  const port = await serve(context, { leaderId: 0n, readError });
  assert.equal((await fetchText(port, '/livez?verbose')).body, '[+]serializable_read ok\nok\n');
  const ready = await fetchText(port, '/readyz');
  assert.equal(ready.status, 503);
  assert.match(ready.body, /^\[-\]linearizable_read failed: etcdserver: request timed out$/m);
  assert.match(ready.body, /^\[\+\]serializable_read ok$/m);
  const health = await fetchText(port, '/health');
  assert.equal(health.status, 503);
  assert.equal(health.body, '{"health":"false","reason":"RAFT NO LEADER"}\n');
  assert.equal((await fetchText(port, '/health?serializable=true')).status, 200);
});

test('a read that fails makes the member unhealthy, with the reason', async (context) => {
  const port = await serve(context, { readError: new Error('etcdserver: leader changed') });
  const { status, body } = await fetchText(port, '/health');
  assert.equal(status, 503);
  assert.equal(body, '{"health":"false","reason":"RANGE ERROR:etcdserver: leader changed"}\n');
});

test('alarms: a full store stays ready, a corrupt one does not', async (context) => {
  const full = await serve(context, { isFull: true });
  assert.equal((await fetchText(full, '/readyz')).body, 'ok\n');
  const health = await fetchText(full, '/health');
  assert.equal(health.body, '{"health":"false","reason":"ALARM NOSPACE"}\n');
  assert.equal((await fetchText(full, '/health?exclude=NOSPACE')).status, 200);

  const corrupt = await serve(context, { isCorrupt: true });
  const ready = await fetchText(corrupt, '/readyz/data_corruption?verbose');
  assert.equal(ready.status, 503);
  assert.equal(ready.body, '[-]data_corruption failed: alarm activated: CORRUPT\n\n');
  assert.equal((await fetchText(corrupt, '/livez')).status, 200);
});

test('metrics over https: with the clients’ certificate, and only with that', async (context) => {
  if (!requireOpenssl(context)) return;
  const authority = CertificateAuthority.create(context);
  const { certFile, keyFile } = authority.issue('server');
  const [metricsPort = 0] = await freePorts(1);
  const flags = [`--listen-metrics-urls=https://127.0.0.1:${metricsPort}`];
  await assert.rejects(
    startMember(context, { flags }),
    /client TLS key\/cert \(--cert-file, --key-file\) must be provided for metrics secure url/,
  );
  const files = [
    ...[`--cert-file=${certFile}`, `--key-file=${keyFile}`],
    `--trusted-ca-file=${authority.caFile}`,
  ];
  await startMember(context, { flags: [...flags, ...files] });
  const ca = readFileSync(authority.caFile);
  await assert.rejects(fetchSecure(metricsPort, { ca }), 'without a certificate nobody is let in');
  const client = authority.issue('prometheus');
  const identity = { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) };
  assert.equal(await fetchSecure(metricsPort, { ca, ...identity }), 'ok\n');
  const foreign = authority.issue('elsewhere', { names: ['IP:10.9.8.7'] });
  await assert.rejects(
    fetchSecure(metricsPort, {
      ca,
      cert: readFileSync(foreign.certFile),
      key: readFileSync(foreign.keyFile),
    }),
    'a certificate of another address',
  );
});

/** The body of /livez. */
function fetchSecure(port: number, options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const where = { host: '127.0.0.1', port, path: '/livez', agent: false };
    const request = getSecure({ ...where, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

test('with HTTP listeners of their own, the client ports speak gRPC only', async (context) => {
  const [httpPort = 0, metricsPort = 0] = await freePorts(2);
  const member = await startMember(context, {
    flags: [
      `--listen-client-http-urls=http://127.0.0.1:${httpPort}`,
      `--listen-metrics-urls=http://127.0.0.1:${metricsPort}`,
    ],
  });
  assert.equal((await fetchText(httpPort, '/version')).status, 200);
  assert.equal((await fetchText(httpPort, '/readyz')).body, 'ok\n');
  assert.equal((await fetchText(metricsPort, '/readyz')).body, 'ok\n');
  assert.equal((await fetchText(metricsPort, '/version')).status, 404);
  await assert.rejects(fetchText(member.clientPort, '/version'));
});
