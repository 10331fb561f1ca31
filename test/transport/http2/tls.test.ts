import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { systemClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { createHttp2Carrier, TlsAcceptor } from '../../../src/transport/index.js';
import { CertificateAuthority, requireOpenssl } from '../../support/certificates.js';
import { RawClient } from './raw-client.js';
import { CARRIER_OPTIONS, listenFor, testMethods, Witness } from './service.js';

/* What RFC 9113 §3.2 and §9.2 ask of HTTP/2 over TLS, of the acceptor that the daemon uses. */

type Dial = (options?: ConnectionOptions) => Promise<TLSSocket>;

/** Serves the test methods behind TLS; the way to reach them. */
async function serve(context: TestContext): Promise<Dial | undefined> {
  if (!requireOpenssl(context)) return undefined;
  const authority = CertificateAuthority.create(context);
  const carrier = createHttp2Carrier(CARRIER_OPTIONS, testMethods(new Witness()));
  const acceptor = new TlsAcceptor(
    {
      tls: {
        ...authority.issue('server'),
        clientCertFile: '',
        clientKeyFile: '',
        trustedCaFile: '',
        clientCertAuth: false,
        revocationListFile: '',
        allowedCommonNames: [],
        allowedHostnames: [],
        cipherSuites: [],
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.3',
        isSelfMade: false,
      },
      endpoint: 'client',
      protocols: ['h2', 'http/1.1'],
      checksAddress: false,
    },
    { clock: systemClock, logger: silentLogger, take: (socket) => carrier.accept(socket) },
  );
  const server = createServer((socket) => acceptor.accept(socket));
  const port = await listenFor(carrier, context, server);
  const ca = readFileSync(authority.caFile);
  return (options = {}) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'], ...options });
      context.after(() => socket.destroy());
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
}

describe('HTTP/2 over TLS', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`§3.2, §9.2 h2 is agreed on by ALPN and spoken behind ${version}`, async (context) => {
      const dial = await serve(context);
      if (dial === undefined) return;
      const socket = await dial({ minVersion: version, maxVersion: version });
      assert.equal(socket.alpnProtocol, 'h2');
      const client = await RawClient.over(socket);
      client.call(1);
      assert.equal((await client.reply(1)).fields['grpc-status'], '0');
    });
  }

  it('§3.1 h2c is never agreed on: it names HTTP/2 in the clear', async (context) => {
    const dial = await serve(context);
    if (dial === undefined) return;
    await assert.rejects(dial({ ALPNProtocols: ['h2c'] }), /alert|ALPN|protocol/i);
    assert.equal((await dial({ ALPNProtocols: ['h2c', 'h2'] })).alpnProtocol, 'h2');
  });

  it('§9.2 versions before TLS 1.2 are refused', async (context) => {
    const dial = await serve(context);
    if (dial === undefined) return;
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    await assert.rejects(dial(old));
  });

  it('§9.2 the name that a client asks for may be any', async (context) => {
    const dial = await serve(context);
    if (dial === undefined) return;
    const socket = await dial({ servername: 'localhost' });
    const client = await RawClient.over(socket);
    client.call(1);
    assert.equal((await client.reply(1)).fields['grpc-status'], '0');
  });

  it('§9.2.1 there is no renegotiation', async (context) => {
    const dial = await serve(context);
    if (dial === undefined) return;
    const socket = await dial({ maxVersion: 'TLSv1.2' });
    const client = await RawClient.over(socket);
    client.call(1);
    await client.reply(1);
    const failure = new Promise((resolve) => socket.once('error', resolve));
    socket.renegotiate({}, () => {});
    assert.match(String(await failure), /no renegotiation/);
    await client.goodbye();
  });

  it('§9.2.2 no cipher suite of appendix A is agreed on with a client that has a better one', async (context) => {
    const dial = await serve(context);
    if (dial === undefined) return;
    const modern = await dial({ maxVersion: 'TLSv1.2' });
    assert.match(modern.getCipher().name, /^ECDHE-.*(GCM|CHACHA20)/);
  });
});
