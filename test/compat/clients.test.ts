/**
 * Clients of all kinds ask the whole server, on the one port on which it takes plaintext and TLS, gRPC
 * and plain HTTP: so what sorts connections is part of it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { CertificateAuthority, requireOpenssl } from '../support/certificates.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/folders.js';
import { GrpcClient } from '../support/grpc.js';
import { startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { requireProgram } from '../support/programs.js';
import { grpcFrame } from './raw-connections.js';

const KEY = Buffer.from('k');
const VALUE = Buffer.alloc(100_000, 'value ');
const { put, range } = KV.methods;
const GRPC_HEADERS = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];

interface Endpoint {
  readonly url: string;
  readonly address: string;
  readonly caFile: string;
  /** A file with the framed request for the key. */
  readonly body: string;
}

/** A member that has the key, behind plaintext and TLS. */
async function start(t: TestContext): Promise<Endpoint[]> {
  const authority = CertificateAuthority.create(t);
  const { certFile, keyFile } = authority.issue('server');
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const urls = `https://${address},http://${address}`;
  await startMember(t, {
    flags: [
      `--listen-client-urls=${urls}`,
      `--advertise-client-urls=${urls}`,
      `--cert-file=${certFile}`,
      `--key-file=${keyFile}`,
    ],
  });
  const client = new GrpcClient(address);
  await client.unary(put.path, put.request.encode({ key: KEY, value: VALUE }));
  client.close();
  const body = join(temporaryFolder(t), 'body');
  writeFileSync(body, grpcFrame(range.request.encode({ key: KEY })));
  const { caFile } = authority;
  return ['http', 'https'].map((scheme) => ({
    url: `${scheme}://${address}`,
    address,
    caFile,
    body,
  }));
}

const isSecure = ({ url }: Endpoint): boolean => url.startsWith('https');

test('clients of all kinds, in the clear and over TLS', { timeout: 120_000 }, async (t) => {
  if (!requireOpenssl(t)) return;
  for (const endpoint of await start(t)) {
    const name = isSecure(endpoint) ? 'TLS' : 'the clear';
    const path = `${endpoint.url}${range.path}`;

    await t.test(`@grpc/grpc-js, ${name}`, async () => {
      const authority = isSecure(endpoint) ? readFileSync(endpoint.caFile) : undefined;
      const client = new GrpcClient(endpoint.address, {}, authority);
      const answer = await client.unary(range.path, range.request.encode({ key: KEY }));
      client.close();
      assert.deepEqual(range.response.decode(answer).kvs?.[0]?.value, VALUE);
    });

    await t.test(`Node’s http2, ${name}`, async () => {
      const session = connectHttp2(endpoint.url, { ca: readFileSync(endpoint.caFile) });
      const stream = session.request({
        ':method': 'POST',
        ':path': range.path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let trailers: unknown;
      stream.on('trailers', (headers) => {
        trailers = headers['grpc-status'];
      });
      stream.end(readFileSync(endpoint.body));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      session.destroy();
      assert.equal(trailers, '0');
      assert.ok(Buffer.concat(chunks).includes(VALUE));
    });

    await t.test(`h2load, ${name}`, async (context) => {
      const h2load = requireProgram(context, 'h2load');
      if (h2load === undefined) return;
      const words = ['-n', '1000', '-c', '10', '-m', '10', '-d', endpoint.body, ...GRPC_HEADERS];
      const { stdout, stderr } = await runCommand(h2load, [...words, path]);
      assert.match(stdout, /1000 succeeded, 0 failed, 0 errored, 0 timeout/, stderr);
    });

    await t.test(`nghttp, ${name}`, async (context) => {
      const nghttp = requireProgram(context, 'nghttp');
      if (nghttp === undefined) return;
      const words = ['-v', '-n', '--header-table-size=0', '-d', endpoint.body, ...GRPC_HEADERS];
      const { stdout } = await runCommand(nghttp, [...words, path]);
      assert.match(stdout, /grpc-status: 0/);
      assert.doesNotMatch(stdout, /INVALID|_ERROR\(0x0[1-9a-d]/);
    });

    await t.test(`curl, ${name}`, async (context) => {
      const curl = requireProgram(context, 'curl');
      if (curl === undefined) return;
      const words = ['-sS', '--http2-prior-knowledge', '--cacert', endpoint.caFile];
      const asked = await runCommand(curl, [
        ...[...words, '-i', ...GRPC_HEADERS, '--data-binary', `@${endpoint.body}`, path],
      ]);
      assert.match(asked.stdout, /^HTTP\/2 200/, asked.stderr);
      assert.match(asked.stdout, /grpc-status: 0/);
      assert.ok(asked.stdout.includes(VALUE.toString()));
    });

    await t.test(`etcdctl, ${name}`, async (context) => {
      const etcdctl = requireProgram(context, 'etcdctl');
      if (etcdctl === undefined) return;
      const security = isSecure(endpoint) ? ['--cacert', endpoint.caFile] : [];
      const words = [`--endpoints=${endpoint.url}`, ...security, '--command-timeout=20s'];
      const get = await runCommand(etcdctl, [...words, 'get', 'k', '--print-value-only'], {
        environment: { ETCDCTL_API: '3' },
      });
      assert.ok(get.stdout === `${VALUE}\n`, get.stderr);
    });
  }
});
