import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { createHttp2Carrier, type RpcMethod } from '../../../src/transport/index.js';
import { temporaryFolder } from '../../support/folders.js';
import { GrpcClient } from '../../support/grpc.js';
import { requireProgram } from '../../support/programs.js';
import { message } from './raw-client.js';
import { CARRIER_OPTIONS, testMethods, Witness } from './service.js';

/* Other people's HTTP/2 and gRPC clients, in the clear and over TLS. */

const run = promisify(execFile);
const GRPC = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];

/** Enough of etcd for its client to put and get: empty responses. */
function etcdMethods(): RpcMethod[] {
  const empty = (path: string): RpcMethod => ({
    kind: 'unary',
    path,
    handle: (_request, _context, responder) => responder.respond(null, Buffer.from('0a00', 'hex')),
  });
  return [empty('/etcdserverpb.KV/Put'), empty('/etcdserverpb.KV/Range')];
}

interface Endpoint {
  readonly url: string;
  readonly address: string;
  /** A file with a request message. */
  readonly body: string;
  /** The certificate to trust, with TLS. */
  readonly certificate: string | undefined;
}

async function serve(context: TestContext, isTls: boolean): Promise<Endpoint | undefined> {
  const folder = temporaryFolder(context);
  const body = join(folder, 'body');
  writeFileSync(body, message('hello'));
  const carrier = createHttp2Carrier(CARRIER_OPTIONS, [
    ...testMethods(new Witness()),
    ...etcdMethods(),
  ]);
  let server = createServer({ noDelay: true }, (socket) => carrier.accept(socket));
  let certificate: string | undefined;
  if (isTls) {
    const openssl = requireProgram(context, 'openssl');
    if (openssl === undefined) return undefined;
    certificate = join(folder, 'cert.pem');
    const key = join(folder, 'key.pem');
    await run(openssl, [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-days', '2', '-keyout', key, '-out', certificate],
    ]);
    server = createTlsServer(
      { cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ['h2'] },
      (socket) => carrier.accept(socket),
    );
  }
  context.after(() => {
    carrier.close();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `${isTls ? 'https' : 'http'}://${address}`, address, body, certificate };
}

for (const isTls of [false, true]) {
  describe(isTls ? 'over TLS' : 'in the clear', () => {
    it('Node’s http2', async (context) => {
      const endpoint = await serve(context, isTls);
      if (endpoint === undefined) return;
      const ca =
        endpoint.certificate === undefined ? {} : { ca: readFileSync(endpoint.certificate) };
      const session = connectHttp2(endpoint.url, ca);
      context.after(() => session.destroy());
      const stream = session.request({
        ':method': 'POST',
        ':path': '/test.Echo/Large',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.end(message('1000000'));
      let length = 0;
      for await (const chunk of stream) length += (chunk as Buffer).length;
      assert.equal(length, 1_000_005);
    });

    it('@grpc/grpc-js', async (context) => {
      const endpoint = await serve(context, isTls);
      if (endpoint === undefined) return;
      const { address, certificate } = endpoint;
      const authority = certificate === undefined ? undefined : readFileSync(certificate);
      const client = new GrpcClient(address, {}, authority);
      context.after(() => client.close());
      const body = Buffer.alloc(1_000_000, 'b');
      assert.deepEqual(await client.unary('test.Echo/Echo', body), body);
      const stream = client.bidirectional('test.Echo/Chat');
      for (const text of ['one', 'two']) stream.send(Buffer.from(text));
      stream.halfClose();
      assert.ok(await stream.until(() => stream.ending !== undefined, 10_000));
      assert.deepEqual(stream.received.map(String), ['one', 'two']);
      assert.equal(stream.ending?.code, 0);
    });

    it('h2load: many streams on many connections, none fails', async (context) => {
      const h2load = requireProgram(context, 'h2load');
      const endpoint = await serve(context, isTls);
      if (h2load === undefined || endpoint === undefined) return;
      const { stdout } = await run(h2load, [
        ...['-n', '20000', '-c', '20', '-m', '10', '-d', endpoint.body, ...GRPC],
        `${endpoint.url}/test.Echo/Echo`,
      ]);
      assert.match(stdout, /20000 succeeded, 0 failed, 0 errored, 0 timeout/);
      assert.match(stdout, /20000 2xx/);
    });

    it('nghttp', async (context) => {
      const nghttp = requireProgram(context, 'nghttp');
      const endpoint = await serve(context, isTls);
      if (nghttp === undefined || endpoint === undefined) return;
      const { stdout } = await run(nghttp, [
        ...['-v', '-n', '-d', endpoint.body, ...GRPC],
        `${endpoint.url}/test.Echo/Echo`,
      ]);
      assert.match(stdout, /grpc-status: 0/);
      assert.doesNotMatch(stdout, /INVALID|_ERROR\(0x0[1-9a-d]/);
    });

    it('nghttp without a header table, and with windows of its own', async (context) => {
      const nghttp = requireProgram(context, 'nghttp');
      const endpoint = await serve(context, isTls);
      if (nghttp === undefined || endpoint === undefined) return;
      const { stdout } = await run(nghttp, [
        ...['-v', '-n', '--header-table-size=0', '-w', '10', '-W', '20', '-b', '200', '-m', '5'],
        ...['-d', endpoint.body, ...GRPC, `${endpoint.url}/test.Echo/Echo`],
      ]);
      assert.equal(stdout.match(/grpc-status: 0/g)?.length, 5);
      assert.doesNotMatch(stdout, /INVALID|_ERROR\(0x0[1-9a-d]/);
    });

    it('curl', async (context) => {
      const curl = requireProgram(context, 'curl');
      const endpoint = await serve(context, isTls);
      if (curl === undefined || endpoint === undefined) return;
      const tls = endpoint.certificate === undefined ? [] : ['--cacert', endpoint.certificate];
      const { stdout } = await run(curl, [
        ...['-sS', '-i', '--http2-prior-knowledge', '--max-time', '20', ...tls, ...GRPC],
        ...['--data-binary', `@${endpoint.body}`, `${endpoint.url}/test.Echo/Echo`],
      ]);
      assert.match(stdout, /^HTTP\/2 200/);
      assert.match(stdout, /hello/);
      assert.match(stdout, /grpc-status: 0/);
    });

    it('etcdctl (Go’s gRPC)', async (context) => {
      const etcdctl = requireProgram(context, 'etcdctl');
      const endpoint = await serve(context, isTls);
      if (etcdctl === undefined || endpoint === undefined) return;
      const tls = endpoint.certificate === undefined ? [] : ['--cacert', endpoint.certificate];
      const ask = async (...words: string[]): Promise<string> => {
        const { stdout } = await run(
          etcdctl,
          [...words, `--endpoints=${endpoint.url}`, '--command-timeout=20s', ...tls],
          { env: { ...process.env, ETCDCTL_API: '3' } },
        );
        return stdout;
      };
      assert.equal(await ask('put', 'k', 'v'), 'OK\n');
      // Longer than Go's first windows; one argument may have 128 KiB.
      assert.equal(await ask('put', 'k', 'v'.repeat(120_000)), 'OK\n');
      assert.equal(await ask('get', 'k'), '');
    });
  });
}
