import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { systemClock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { TlsConnector } from '../../src/transport/tls/connector.js';
import { DerReader, DerTag, derTime } from '../../src/transport/tls/der.js';
import { TlsError } from '../../src/transport/tls/errors.js';
import { certificateNames } from '../../src/transport/tls/names.js';
import type { TlsOptions } from '../../src/transport/tls/options.js';
import { readRevocationList } from '../../src/transport/tls/revocation-list.js';
import { selfSignedCertificate, selfSignedFiles } from '../../src/transport/tls/self-signed.js';
import {
  CertificateAuthority,
  type CertificateFiles,
  requireOpenssl,
} from '../support/certificates.js';
import { temporaryFolder } from '../support/folders.js';

const DEPENDENCIES = { clock: systemClock, logger: silentLogger };
const YEAR_MS = 365 * 24 * 3600 * 1000;

test('a self-made certificate is for its hosts, vouches for itself, and has a key of its own', () => {
  const hosts = ['127.0.0.1:2379', '[::1]:2379', '[2001:db8::1:0:0]:1', 'node-1:2379'];
  const nowMs = Date.UTC(2049, 5, 1);
  const { cert, key } = selfSignedCertificate(hosts, nowMs, nowMs + YEAR_MS);
  const certificate = new X509Certificate(cert);
  assert.deepEqual(certificateNames(certificate), {
    dnsNames: ['node-1'],
    ipAddresses: ['127.0.0.1', '0:0:0:0:0:0:0:1', '2001:DB8:0:0:0:1:0:0'],
  });
  assert.equal(certificate.subject, 'O=etcd');
  assert.equal(certificate.issuer, 'O=etcd');
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'secp521r1');
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
  // Dates on both sides of 2050 are written differently.
  assert.equal(Date.parse(certificate.validFrom), nowMs);
  assert.equal(Date.parse(certificate.validTo), nowMs + YEAR_MS);
});

test('self-made certificates are made once, and their key is private', (t) => {
  const folder = join(temporaryFolder(t), 'fixtures', 'client');
  const make = () =>
    selfSignedFiles({ folder, hosts: ['localhost:1'], validityYears: 2 }, DEPENDENCIES);
  const files = make();
  const before = readFileSync(files.certFile, 'utf8');
  const years = (Date.parse(new X509Certificate(before).validTo) - Date.now()) / YEAR_MS;
  assert.ok(years > 1.99 && years <= 2, `${years}`);
  assert.equal(statSync(files.keyFile).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.deepEqual(make(), files);
  assert.equal(readFileSync(files.certFile, 'utf8'), before);
  const never = { folder: join(folder, 'x'), hosts: [], validityYears: 0 };
  assert.throws(() => selfSignedFiles(never, DEPENDENCIES), {
    message: 'selfSignedCertValidity is invalid,it should be greater than 0',
  });
});

test('times are written with two digits for the year before 2050, with four after', () => {
  const text = (unixMs: number): string => derTime(unixMs).toString('latin1', 2);
  assert.equal(text(Date.UTC(2049, 11, 31, 23, 59, 59)), '491231235959Z');
  assert.equal(text(Date.UTC(2050, 0, 1)), '20500101000000Z');
});

test('a damaged revocation list is refused, never half read', (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const revoked = [authority.issue('a'), authority.issue('b')];
  for (const files of revoked) authority.revoke(files);
  const path = authority.revocationList('DER');
  const whole = readFileSync(path);
  const serials = revoked.map(({ certFile }) =>
    BigInt(`0x${new X509Certificate(readFileSync(certFile)).serialNumber}`),
  );
  assert.deepEqual(readRevocationList(path), new Set(serials));
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    assert.throws(() => readRevocationList(path), TlsError, `${length} bytes`);
  }
});

test('an authority that has revoked nobody has an empty list', (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  assert.equal(readRevocationList(authority.revocationList('PEM')).size, 0);
  assert.equal(readRevocationList(authority.revocationList('DER')).size, 0);
});

test('whatever the bytes, reading DER ends with a value or an error', () => {
  const tags = Object.values(DerTag);
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const reader = new DerReader(Buffer.from(bytes));
    try {
      for (;;) {
        const { nextTag } = reader;
        if (nextTag === undefined) break;
        assert.ok(reader.read(nextTag).length <= bytes.length);
      }
    } catch (error) {
      assert.ok(error instanceof TlsError);
    }
  });
  fc.assert(property, {
    examples: tags.map((tag) => [Uint8Array.of(tag, 0x84, 255, 255, 255, 255)]),
  });
});

test('a member is who its URL says, by its alternative names alone', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const options = { ...NOTHING, ...authority.issue('own'), trustedCaFile: authority.caFile };
  const connector = new TlsConnector(options, DEPENDENCIES);
  const cases: [string[], string | undefined, string][] = [
    [['DNS:localhost', 'IP:127.0.0.1'], '127.0.0.1', ''],
    [['DNS:localhost', 'IP:127.0.0.1'], 'localhost', ''],
    [['DNS:*.example.com'], 'a.example.com', ''],
    [['DNS:*.example.com'], undefined, ''],
    [[], 'member', 'certificate is not valid for any names, not member'],
    [
      ['DNS:other', 'IP:10.0.0.1'],
      '127.0.0.1',
      'certificate is valid for other, 10.0.0.1, not 127.0.0.1',
    ],
  ];
  for (const [names, host, failure] of cases) {
    const port = await serve(t, authority.issue('member', { names }));
    const attempt = dial(t, port, connector, host);
    if (failure === '') await attempt;
    else {
      const message = `tls: failed to verify certificate: x509: ${failure}`;
      await assert.rejects(attempt, { message });
    }
  }
});

test('an outgoing connection shows the client certificate, and trusts only what it is told', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const stranger = CertificateAuthority.create(t, 'stranger');
  const own = authority.issue('own');
  const client = authority.issue('client');
  const options = {
    ...NOTHING,
    ...own,
    trustedCaFile: authority.caFile,
    clientCertFile: client.certFile,
    clientKeyFile: client.keyFile,
  };
  const port = await serve(t, authority.issue('member'), authority);
  const connector = new TlsConnector(options, DEPENDENCIES);
  const socket = await dial(t, port, connector, 'localhost');
  const shown = await new Promise((resolve) => {
    socket.once('data', (data) => resolve(String(data)));
  });
  assert.equal(shown, 'client');
  // The server's certificate has to be allowed too, as in etcd.
  const picky = new TlsConnector({ ...options, allowedCommonNames: ['x'] }, DEPENDENCIES);
  const message = 'client certificate authentication failed';
  await assert.rejects(dial(t, port, picky, 'localhost'), { message });

  const foreign = await serve(t, stranger.issue('member'));
  await assert.rejects(dial(t, foreign, connector, 'localhost'));
  // With certificates of our own making there is nothing to verify.
  const trusting = new TlsConnector({ ...NOTHING, ...own, isSelfMade: true }, DEPENDENCIES);
  await dial(t, foreign, trusting, 'localhost');

  // A renewed authority counts from the next connection on.
  writeFileSync(authority.caFile, readFileSync(stranger.caFile));
  await dial(t, foreign, connector, 'localhost');
});

const NOTHING: TlsOptions = {
  certFile: '',
  keyFile: '',
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
};

/** Another member, which says whose certificate it was shown; returns its port. */
async function serve(
  t: TestContext,
  files: CertificateFiles,
  demanding?: CertificateAuthority,
): Promise<number> {
  const server = createHttpsServer({
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    ...(demanding === undefined
      ? {}
      : { ca: readFileSync(demanding.caFile), requestCert: true, rejectUnauthorized: true }),
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    socket.write(String(socket.getPeerCertificate().subject?.CN ?? 'nobody'));
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function dial(
  t: TestContext,
  port: number,
  connector: TlsConnector,
  host: string | undefined,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...connector.connectOptions(host) });
    t.after(() => socket.destroy());
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}
