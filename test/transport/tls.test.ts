import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { systemClock } from '../../src/base/clock.js';
import { LimitedLog } from '../../src/base/limited-log.js';
import type { LogFields, Logger } from '../../src/base/logger.js';
import { type Listener, listen, sortConnection } from '../../src/transport/listener.js';
import { TlsAcceptor, type TlsAcceptorOptions } from '../../src/transport/tls/acceptor.js';
import type { NameService } from '../../src/transport/tls/certificate-rules.js';
import type { TlsOptions } from '../../src/transport/tls/options.js';
import {
  CertificateAuthority,
  type CertificateFiles,
  requireOpenssl,
} from '../support/certificates.js';
import { temporaryFolder } from '../support/folders.js';

const PLAIN: TlsOptions = {
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

test('a server shakes hands and speaks behind it', async (t) => {
  if (!requireOpenssl(t)) return;
  const { server, client, port } = await setUp(t);
  assert.equal(await echo(await dial(t, port, client)), 'hello');
  assert.deepEqual(server.lines, []);
});

test('one port takes TLS and plaintext, gRPC and HTTP, if both are configured', async (t) => {
  if (!requireOpenssl(t)) return;
  const { client, port } = await setUp(t, {}, { takesPlaintext: true });
  assert.equal(await echo(await dial(t, port, client)), 'hello');
  assert.equal(await echo(plain(t, port)), 'hello');
});

test('who speaks plaintext to a TLS port is turned away, and the reverse', async (t) => {
  if (!requireOpenssl(t)) return;
  const { server, port, client } = await setUp(t);
  await assert.rejects(echo(plain(t, port)), /closed/);
  const reason = 'tls: first record does not look like a TLS handshake';
  assert.equal((await server.line()).error, reason);

  const other = await start(t, undefined, { takesPlaintext: true });
  await assert.rejects(dial(t, other.port, client));
  const { message } = await other.server.line();
  assert.equal(message, 'rejected connection: TLS on a port for plaintext');
});

test('who does not finish the handshake is not waited for', async (t) => {
  if (!requireOpenssl(t)) return;
  const tls = serverOptions(CertificateAuthority.create(t));
  const { server, port } = await start(t, tls, {}, { handshakeTimeoutMs: 50 });
  const silent = plain(t, port);
  const closed = new Promise((resolve) => silent.once('close', resolve));
  silent.resume();
  assert.equal((await server.line()).error, 'handshake timeout: i/o timeout');
  await closed;
});

test('a log line for each of those turned away would be a weapon: there are few', () => {
  const server = new LogLines();
  let nowMs = 0;
  const clock = { ...systemClock, nowMs: () => nowMs };
  const log = new LimitedLog({ clock, logger: server });
  for (let attempt = 0; attempt < 50; attempt++) log.warn('rejected', {});
  assert.equal(server.lines.length, 10);
  nowMs += 1000;
  log.warn('rejected', { error: 'x' });
  log.warn('rejected', { error: 'y' });
  assert.deepEqual(server.lines.slice(10), [
    { message: 'rejected', error: 'x', omitted: 40 },
    { message: 'rejected', error: 'y' },
  ]);
});

test('a file of authorities alone demands certificates', async (t) => {
  if (!requireOpenssl(t)) return;
  const { server, authority, client, port } = await setUp(t);
  const ca = client.ca;
  await assert.rejects(exchange(t, port, { ca }), /certificate required/);
  assert.equal((await server.line()).error, "tls: client didn't provide a certificate");

  const foreign = CertificateAuthority.create(t, 'another');
  await assert.rejects(exchange(t, port, { ...pair(foreign.issue('client')), ca }));
  const failure = 'tls: failed to verify certificate: x509:';
  assert.equal((await server.line()).error, `${failure} certificate signed by unknown authority`);

  await assert.rejects(
    exchange(t, port, { ...pair(authority.issue('old', { endsInHours: -1 })), ca }),
  );
  assert.equal(
    (await server.line()).error,
    `${failure} certificate has expired or is not yet valid`,
  );

  const wrong = authority.issue('serverOnly', { usages: 'serverAuth' });
  await assert.rejects(exchange(t, port, { ...pair(wrong), ca }));
  assert.equal(
    (await server.line()).error,
    `${failure} certificate specifies an incompatible key usage`,
  );
});

for (const form of ['PEM', 'DER'] as const) {
  test(`who is on the revocation list (${form}) stays out, also once it is replaced`, async (t) => {
    if (!requireOpenssl(t)) return;
    const authority = CertificateAuthority.create(t);
    const first = authority.issue('first');
    const second = authority.issue('second');
    authority.revoke(first);
    const { server, port } = await start(t, {
      ...serverOptions(authority),
      trustedCaFile: authority.caFile,
      revocationListFile: authority.revocationList(form),
    });
    await assert.rejects(exchange(t, port, trusting(authority, first)));
    assert.match((await server.line()).error, /^transport: certificate serial [0-9a-f]+ revoked$/);
    const held = await dial(t, port, trusting(authority, second));
    assert.equal(await echo(held), 'hello');

    authority.revoke(second);
    authority.revocationList(form);
    await assert.rejects(exchange(t, port, trusting(authority, second)));
    // A connection that was let in stays.
    assert.equal(await echo(held), 'hello');
  });
}

test('a revoked authority takes those for which it vouches with it', async (t) => {
  if (!requireOpenssl(t)) return;
  const root = CertificateAuthority.create(t);
  const [department, files] = root.createIntermediate(t, 'department');
  const options = {
    ...serverOptions(root),
    trustedCaFile: root.caFile,
    revocationListFile: root.revocationList(),
  };
  const { server, port } = await start(t, options);
  const client = { ...pair(department.issue('client')), ca: trusting(root).ca };
  assert.equal(await exchange(t, port, client), 'hello');
  root.revoke(files);
  root.revocationList();
  await assert.rejects(exchange(t, port, client));
  assert.match((await server.line()).error, /^transport: certificate serial [0-9a-f]+ revoked$/);
});

test('only allowed common names or hosts are let in', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const alice = authority.issue('alice', { names: ['DNS:*.example.com', 'IP:10.1.2.3'] });
  const bob = authority.issue('bob', { names: [] });
  const base = { ...serverOptions(authority), trustedCaFile: authority.caFile };
  const cases: [Partial<TlsOptions>, CertificateFiles, boolean][] = [
    [{ allowedCommonNames: ['carol', 'alice'] }, alice, true],
    [{ allowedCommonNames: ['carol', 'alice'] }, bob, false],
    [{ allowedHostnames: ['a.example.com'] }, alice, true],
    [{ allowedHostnames: ['a.b.example.com'] }, alice, false],
    [{ allowedHostnames: ['10.1.2.3'] }, alice, true],
    [{ allowedHostnames: ['bob'] }, bob, false],
  ];
  for (const [rule, certificate, isAllowed] of cases) {
    const { server, port } = await start(t, { ...base, ...rule });
    const attempt = exchange(t, port, trusting(authority, certificate));
    if (isAllowed) {
      assert.equal(await attempt, 'hello');
      continue;
    }
    await assert.rejects(attempt);
    assert.equal((await server.line()).error, 'client certificate authentication failed');
  }
});

test('a peer has to come from where its certificate says', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const tls = { ...serverOptions(authority), trustedCaFile: authority.caFile };
  const names: NameService = {
    reverse: async () => ['gateway.example.com.'],
    lookup: async (name) => (name === 'here.example.org' ? ['127.0.0.1'] : []),
  };
  const cases: [string[], string][] = [
    [[], ''],
    [['IP:127.0.0.1'], ''],
    [['DNS:gateway.example.com'], ''],
    [['DNS:*.example.com'], ''],
    [['DNS:here.example.org', 'IP:10.0.0.1'], ''],
    [['IP:10.0.0.1'], 'x509: certificate is valid for 10.0.0.1, not 127.0.0.1'],
    [
      ['DNS:other', 'DNS:there.example.org'],
      'tls: "127.0.0.1" does not match any of DNSNames ["other" "there.example.org"]',
    ],
  ];
  const { server, port } = await start(
    t,
    tls,
    {},
    { checksAddress: true, endpoint: 'peer' },
    names,
  );
  for (const [altNames, error] of cases) {
    const files = authority.issue('peer', { names: altNames });
    const attempt = exchange(t, port, trusting(authority, files));
    if (error === '') assert.equal(await attempt, 'hello', altNames.join());
    else {
      await assert.rejects(attempt);
      const line = await server.line();
      assert.deepEqual([line.message, line.error], ['rejected connection on peer endpoint', error]);
    }
  }
});

test('a client that comes back shows its certificate again', async (t) => {
  if (!requireOpenssl(t)) return;
  const { client, port } = await setUp(t);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const first = connect({ host: '127.0.0.1', port, ...client, maxVersion });
    t.after(() => first.destroy());
    const sessions: Buffer[] = [];
    first.on('session', (session: Buffer) => sessions.push(session));
    assert.equal(await echo(first), 'hello');
    const [session = first.getSession()] = sessions;
    assert.ok(session !== undefined);
    const second = await dial(t, port, { ...client, maxVersion, session });
    assert.equal(await echo(second), 'hello');
    assert.equal(second.isSessionReused(), false);
  }
});

test('an expired certificate of our own is served, with a warning', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const expired = authority.issue('server', { endsInHours: -1 });
  const { server } = await start(t, { ...PLAIN, ...expired });
  const { message } = await server.line();
  assert.equal(message, 'the certificate has expired or is not yet valid');
});

test('versions and cipher suites are those of the flags', async (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const ca = trusting(authority).ca;
  const suites = ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305'];
  const chosen = await start(t, { ...serverOptions(authority), cipherSuites: suites });
  const v12 = await dial(t, chosen.port, { ca, maxVersion: 'TLSv1.2' });
  assert.equal(v12.getCipher().standardName, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256');
  const v13 = await dial(t, chosen.port, { ca });
  assert.deepEqual(
    [v13.getProtocol(), v13.getCipher().name],
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  );
  const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  await assert.rejects(dial(t, chosen.port, { ca, maxVersion: 'TLSv1.2', ciphers }));
  const { error } = await chosen.server.line();
  assert.equal(error, 'tls: no cipher suite supported by both client and server');

  const newest = await start(t, { ...serverOptions(authority), minVersion: 'TLSv1.3' });
  await assert.rejects(dial(t, newest.port, { ca, maxVersion: 'TLSv1.2' }));
  const oldest = await start(t, { ...serverOptions(authority), maxVersion: 'TLSv1.2' });
  assert.equal((await dial(t, oldest.port, { ca })).getProtocol(), 'TLSv1.2');
  const old = {
    ca,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL@SECLEVEL=0',
  } as const;
  await assert.rejects(dial(t, oldest.port, old));
});

test('who offers h2 gets it, who offers HTTP/1.1 alone gets that, the silent ones none', async (t) => {
  if (!requireOpenssl(t)) return;
  const { client, port } = await setUp(t);
  const cases: [string[] | undefined, string | false][] = [
    [['h2'], 'h2'],
    [['grpc-exp', 'h2'], 'h2'],
    [['http/1.1', 'h2'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [undefined, false],
  ];
  for (const [offered, agreed] of cases) {
    const options = offered === undefined ? {} : { ALPNProtocols: offered };
    const socket = await dial(t, port, { ...client, ...options });
    assert.equal(socket.alpnProtocol, agreed);
    assert.equal(await echo(socket), 'hello');
  }
});

test('who offers h2 and HTTP/1.1 may want gRPC or plain HTTP/2: the first request tells', async (t) => {
  if (!requireOpenssl(t)) return;
  const { server, client, port } = await setUp(t);
  const cases: [string, OutgoingHttpHeaders, string][] = [
    ['h2,http/1.1', { 'content-type': 'application/grpc' }, 'gRPC'],
    ['h2,http/1.1', { 'content-type': 'application/grpc+proto', filler: 'x'.repeat(9000) }, 'gRPC'],
    ['h2,http/1.1', { 'content-type': 'text/plain' }, 'plain HTTP/2'],
    ['h2,http/1.1', {}, 'plain HTTP/2'],
    ['h2', { 'content-type': 'application/grpc' }, 'gRPC'],
    ['h2', {}, 'gRPC'],
  ];
  for (const [offered, headers, taker] of cases) {
    const socket = await dial(t, port, { ...client, ALPNProtocols: offered.split(',') });
    const session = connectHttp2('https://x', { createConnection: () => socket });
    session.on('error', () => {});
    session.request({ ':path': '/', ...headers }).on('error', () => {});
    assert.equal(await server.nextTaken(), taker);
    session.destroy();
  }
  // Who waits for our word after the preface is taken for gRPC.
  const silent = await dial(t, port, { ...client, ALPNProtocols: ['h2', 'http/1.1'] });
  silent.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  assert.equal(await server.nextTaken(), 'gRPC');
});

test('renewed certificates, keys and authorities are taken up; open connections stay', async (t) => {
  if (!requireOpenssl(t)) return;
  const folder = temporaryFolder(t);
  const place = (name: string): string => join(folder, name);
  const install = (authority: CertificateAuthority): void => {
    const { certFile, keyFile } = authority.issue('server');
    copyFileSync(certFile, place('server.crt'));
    copyFileSync(keyFile, place('server.key'));
    copyFileSync(authority.caFile, place('ca.crt'));
  };
  const former = CertificateAuthority.create(t, 'former');
  install(former);
  const files = { certFile: place('server.crt'), keyFile: place('server.key') };
  const { server, port } = await start(t, { ...PLAIN, ...files, trustedCaFile: place('ca.crt') });
  const held = await dial(t, port, trusting(former, former.issue('client')));
  assert.equal(await echo(held), 'hello');

  const latter = CertificateAuthority.create(t, 'latter');
  install(latter);
  assert.equal(await exchange(t, port, trusting(latter, latter.issue('client'))), 'hello');
  // Whom only the former authority knows is a stranger now.
  const stranger = { ...pair(former.issue('client')), ca: trusting(latter).ca };
  await assert.rejects(exchange(t, port, stranger));
  assert.equal(await echo(held), 'hello');

  // Half a renewal: the key does not belong to the certificate, so the pair before it stays.
  copyFileSync(latter.issue('other').keyFile, place('server.key'));
  assert.equal(await exchange(t, port, trusting(latter, latter.issue('client'))), 'hello');
  rmSync(place('server.crt'));
  assert.equal(await exchange(t, port, trusting(latter, latter.issue('client'))), 'hello');
  const warnings = server.lines.filter(({ message }) => message.startsWith('cannot take up'));
  assert.deepEqual(
    warnings.map(({ error }) => error),
    [
      'tls: private key does not match public key',
      `open ${place('server.crt')}: no such file or directory`,
    ],
  );
});

test('files that do not serve are refused at once, in the words of etcd', (t) => {
  if (!requireOpenssl(t)) return;
  const authority = CertificateAuthority.create(t);
  const good = authority.issue('server');
  const other = authority.issue('other');
  const garbage = join(authority.folder, 'garbage');
  writeFileSync(garbage, 'no certificate\n');
  const { certFile, keyFile } = good;
  const absent = join(authority.folder, 'absent');
  const cases: [Partial<TlsOptions>, string][] = [
    [{ certFile }, `KeyFile and CertFile must both be present[key: , cert: ${certFile}]`],
    [{ keyFile }, `KeyFile and CertFile must both be present[key: ${keyFile}, cert: ]`],
    [{ certFile: absent, keyFile }, `open ${absent}: no such file or directory`],
    [{ certFile: authority.folder, keyFile }, `read ${authority.folder}: is a directory`],
    [{ certFile: garbage, keyFile }, 'tls: failed to find any PEM data in certificate input'],
    [{ certFile, keyFile: garbage }, 'tls: failed to find any PEM data in key input'],
    [{ certFile, keyFile: other.keyFile }, 'tls: private key does not match public key'],
    [
      { certFile: keyFile, keyFile: certFile },
      'tls: failed to find certificate PEM data in certificate input, ' +
        'but did find a private key; PEM inputs may have been switched',
    ],
    [
      { ...good, clientCertFile: certFile },
      `ClientKeyFile and ClientCertFile must both be present or both absent: key: , cert: ${certFile}]`,
    ],
    [{ ...good, trustedCaFile: absent }, `open ${absent}: no such file or directory`],
    [{ ...good, trustedCaFile: garbage }, `no certificate found in ${garbage}`],
    [{ ...good, revocationListFile: absent }, `open ${absent}: no such file or directory`],
    [{ ...good, revocationListFile: garbage }, `x509: malformed crl (${garbage})`],
    [
      { ...good, cipherSuites: ['TLS_RSA_WITH_RC4_128_SHA'] },
      'no cipher suite of these is supported: TLS_RSA_WITH_RC4_128_SHA',
    ],
    [
      { ...good, allowedCommonNames: ['a', 'b'], allowedHostnames: ['c'] },
      'AllowedCNs and AllowedHostnames are mutually exclusive (cns=["a" "b"], hostnames=["c"])',
    ],
  ];
  for (const [options, message] of cases) {
    const make = () => acceptor({ ...PLAIN, ...options }, () => {}, new LogLines());
    assert.throws(make, { name: 'TlsError', message });
  }
});

/** The fields of one line, and its message. */
type Line = LogFields & { readonly message: string; readonly error: string };

/** Keeps what a server warns of and who takes its connections, and lets a test wait for the next. */
class LogLines implements Logger {
  readonly lines: Line[] = [];
  /** By whom connections were taken that nobody has asked for yet. */
  readonly taken: string[] = [];
  #seen = 0;

  debug(): void {}
  info(): void {}
  error(): void {}

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ ...fields, message, error: String(fields.error ?? '') });
  }

  child(): Logger {
    return this;
  }

  async nextTaken(): Promise<string> {
    for (;;) {
      const taker = this.taken.shift();
      if (taker !== undefined) return taker;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The next line nobody has asked for. */
  async line(): Promise<Line> {
    for (;;) {
      const line = this.lines[this.#seen];
      if (line !== undefined) {
        this.#seen++;
        return line;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function serverOptions(authority: CertificateAuthority): TlsOptions {
  return { ...PLAIN, ...authority.issue('server') };
}

const pair = ({ certFile, keyFile }: CertificateFiles) => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});

/** What a client is told: whom to trust, and what to show. */
function trusting(authority: CertificateAuthority, files?: CertificateFiles) {
  return { ca: readFileSync(authority.caFile), ...(files === undefined ? {} : pair(files)) };
}

function acceptor(
  tls: TlsOptions,
  take: (socket: Socket, speaksHttp1: boolean) => void,
  logger: Logger,
  more: Partial<TlsAcceptorOptions> = {},
  names?: NameService,
): TlsAcceptor {
  return new TlsAcceptor(
    { tls, endpoint: 'client', protocols: ['h2', 'http/1.1'], checksAddress: false, ...more },
    { clock: systemClock, logger, take, ...(names === undefined ? {} : { names }) },
  );
}

/** A server that answers what it is told. */
async function start(
  t: TestContext,
  tls: TlsOptions | undefined,
  listening: { takesPlaintext?: boolean } = {},
  more: Partial<TlsAcceptorOptions> = {},
  names?: NameService,
): Promise<{ server: LogLines; port: number; listener: Listener }> {
  const server = new LogLines();
  const answer = (socket: Socket): void => {
    socket.on('error', () => {});
    socket.pipe(socket);
  };
  const noted =
    (taker: string) =>
    (socket: Socket): void => {
      server.taken.push(taker);
      answer(socket);
    };
  const takers = { http1: answer, http2: noted('gRPC'), plainHttp2: noted('plain HTTP/2') };
  const take = (socket: Socket, speaksHttp1: boolean): void =>
    sortConnection(socket, takers, speaksHttp1);
  const tlsAcceptor = tls === undefined ? undefined : acceptor(tls, take, server, more, names);
  const listener = await listen(
    {
      address: { kind: 'tcp', address: '127.0.0.1', port: 0 },
      takesPlaintext: false,
      ...listening,
    },
    { takers, logger: server, tls: tlsAcceptor },
  );
  t.after(() => listener.close());
  return { server, listener, port: Number(listener.boundAddress.split(':').at(-1)) };
}

/** A server that demands certificates, and what a client needs. */
async function setUp(
  t: TestContext,
  options: Partial<TlsOptions> = {},
  listening: { takesPlaintext?: boolean } = {},
) {
  const authority = CertificateAuthority.create(t);
  const tls = { ...serverOptions(authority), trustedCaFile: authority.caFile, ...options };
  const started = await start(t, tls, listening);
  return { ...started, authority, client: trusting(authority, authority.issue('client')) };
}

/** A connection after its handshake, as the client sees it. */
function dial(t: TestContext, port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...options });
    t.after(() => socket.destroy());
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

function plain(t: TestContext, port: number): Socket {
  const socket = connectPlain(port, '127.0.0.1');
  t.after(() => socket.destroy());
  return socket;
}

/** Says hello, and resolves with the answer. */
function echo(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (data: Buffer) => resolve(data.toString()));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.write('hello');
  });
}

/** With TLS 1.3 a client learns only behind its handshake that it was turned away. */
async function exchange(t: TestContext, port: number, options: ConnectionOptions): Promise<string> {
  return echo(await dial(t, port, options));
}
