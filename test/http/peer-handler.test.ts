import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { EtcdError } from '../../src/base/errors.js';
import { createPeerHandler, type PeerServices } from '../../src/http/index.js';
import { CompactedError, FutureRevisionError } from '../../src/mvcc/index.js';
import type { Cleanup } from '../support/cleanup.js';

const MEMBER = {
  id: 2351210287194768527n,
  peerUrls: ['http://127.0.0.1:2380'],
  isLearner: false,
  name: 'default',
  clientUrls: ['http://127.0.0.1:2379'],
};
const SOURCE = {
  clusterId: 0x8223269c85d1eefdn,
  cluster: { members: () => [MEMBER], version: '3.7.0', storageVersion: '3.7.0' },
};
const MEMBERS_TEXT =
  '[{"id":2351210287194768527,"peerURLs":["http://127.0.0.1:2380"],"name":"default","clientURLs":["http://127.0.0.1:2379"]}]\n';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Question {
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Services that answer as a member does whose store is at revision 2, without leases. */
function createServices(overrides: Partial<PeerServices> = {}): PeerServices {
  return {
    raft: () => false,
    promote: () => Promise.reject(new EtcdError('MemberNotFound')),
    hashKv: async (revision) => {
      if (revision > 2) throw new FutureRevisionError(2);
      const hashRevision = revision === 0 ? 2 : revision;
      return { hash: 1910070934, compactRevision: -1, hashRevision, currentRevision: 2 };
    },
    isDowngradeEnabled: async () => false,
    leases: {
      keepAlive: async () => ({ status: 404, text: 'lease not found' }),
      timeToLive: async () => ({ status: 404, text: 'lease not found' }),
    },
    ...overrides,
  };
}

async function listen(t: Cleanup, services: PeerServices) {
  const server = createServer(createPeerHandler(SOURCE, services));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return (method: string, path: string, question: Question = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { headers = {}, body } = question;
      const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
      const all = { ...headers, ...length };
      const opened = request({ port, host: '127.0.0.1', method, path, headers: all, agent: false });
      opened.on('error', reject);
      opened.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('latin1');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      opened.end(body);
    });
}

describe('The peer port', () => {
  it('lists the members, and who asks otherwise is refused as by etcd', async (t) => {
    const ask = await listen(t, createServices());
    const { status, headers, text } = await ask('GET', '/members?x=1');
    assert.deepEqual([status, text], [200, MEMBERS_TEXT]);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['x-etcd-cluster-id'], '8223269c85d1eefd');
    assert.equal((await ask('GET', '/members/')).status, 404);
    const refused = await ask('POST', '/members');
    assert.deepEqual([refused.status, refused.text], [405, 'Method Not Allowed\n']);
    assert.equal(refused.headers.allow, 'GET');
    assert.equal(refused.headers['x-etcd-cluster-id'], undefined);
  });

  it('tells its versions', async (t) => {
    const ask = await listen(t, createServices());
    const { status, headers, text } = await ask('GET', '/version');
    const versions = '{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}';
    assert.deepEqual([status, text], [200, versions]);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['x-etcd-cluster-id'], undefined);
  });

  it('knows no other path', async (t) => {
    const ask = await listen(t, createServices());
    for (const path of ['/nope', '/health', '/metrics', '/leases/', '/leases/x', '/members/x']) {
      const { status, text } = await ask('GET', path);
      assert.deepEqual([status, text], [404, '404 page not found\n'], path);
    }
  });

  it('hashes its data at a revision', async (t) => {
    const ask = await listen(t, createServices());
    const rows: [string, number, string][] = [
      ['{}', 200, hashText(2)],
      ['null', 200, hashText(2)],
      ['{"revision":1}', 200, hashText(1)],
      ['{"Revision":1,"other":[]}', 200, hashText(1)],
      ['{"revision":-3}', 200, hashText(-3)],
      ['{"revision":1000}', 400, 'mvcc: required revision is a future revision\n'],
      ['[1]', 400, 'error unmarshalling request\n'],
      ['{"revision":"1"}', 400, 'error unmarshalling request\n'],
      ['{"revision":1.5}', 400, 'error unmarshalling request\n'],
      ['', 400, 'error unmarshalling request\n'],
    ];
    for (const [body, wantedStatus, wantedText] of rows) {
      const { status, text } = await ask('GET', '/members/hashkv', { body });
      assert.deepEqual([status, text], [wantedStatus, wantedText], body);
    }
    const refused = await ask('POST', '/members/hashkv', { body: '{}' });
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET']);
  });

  it('does not tell its hash to another cluster', async (t) => {
    const ask = await listen(t, createServices());
    const headers = { 'X-Etcd-Cluster-ID': 'abc' };
    const { status, text } = await ask('GET', '/members/hashkv', { headers, body: '{}' });
    assert.deepEqual([status, text], [412, 'cluster ID mismatch\n']);
    const own = { 'X-Etcd-Cluster-ID': '8223269c85d1eefd' };
    assert.equal((await ask('GET', '/members/hashkv', { headers: own, body: '{}' })).status, 200);
  });

  it('says that a revision has been compacted', async (t) => {
    const askOther = await listen(
      t,
      createServices({ hashKv: () => Promise.reject(new CompactedError(7)) }),
    );
    const { status, text } = await askOther('GET', '/members/hashkv', { body: '{"revision":3}' });
    assert.deepEqual([status, text], [400, 'mvcc: required revision has been compacted\n']);
  });

  it('tells of a downgrade, if it can', async (t) => {
    const ask = await listen(t, createServices());
    const { status, headers, text } = await ask('GET', '/downgrade/enabled');
    assert.deepEqual([status, text, headers['content-type']], [200, 'false', 'text/plain']);
    const askOther = await listen(
      t,
      createServices({ isDowngradeEnabled: () => Promise.reject(new EtcdError('Timeout')) }),
    );
    const failed = await askOther('GET', '/downgrade/enabled');
    const reason = 'failed linearized read: etcdserver: request timed out\n';
    assert.deepEqual([failed.status, failed.text], [500, reason]);
  });

  it('refuses promotions as etcd does', async (t) => {
    const ask = await listen(t, createServices());
    const refusals: [string, number, string][] = [
      ['/members/promote/12', 404, 'membership: ID not found\n'],
      ['/members/promote/zz', 404, 'member zz not found in cluster\n'],
      ['/members/promote/', 404, 'member  not found in cluster\n'],
      ['/members/promote/a%20b', 404, 'member a b not found in cluster\n'],
      [
        '/members/promote/99999999999999999999',
        404,
        'member 99999999999999999999 not found in cluster\n',
      ],
    ];
    for (const [path, wantedStatus, wantedText] of refusals) {
      const { status, text } = await ask('POST', path);
      assert.deepEqual([status, text], [wantedStatus, wantedText]);
    }
    assert.equal((await ask('GET', '/members/promote/12')).headers.allow, 'POST');
    const rows = [
      ['MemberNotLearner', 412, 'membership: can only promote a learner member\n'],
      [
        'LearnerNotReady',
        412,
        'etcdserver: can only promote a learner member which is in sync with leader\n',
      ],
      ['NotLeader', 500, '{"message":"Internal Server Error"}'],
    ] as const;
    for (const [name, wantedStatus, wantedText] of rows) {
      const promote = () => Promise.reject(new EtcdError(name));
      const askOther = await listen(t, createServices({ promote }));
      const { status, text } = await askOther('POST', '/members/promote/12');
      assert.deepEqual([status, text], [wantedStatus, wantedText]);
    }
  });

  it('promotes with the token of whoever asked, and lists the members', async (t) => {
    const promoted: unknown[] = [];
    const promote: PeerServices['promote'] = async (id, token) => {
      promoted.push([id, token]);
      return [MEMBER];
    };
    const askOther = await listen(t, createServices({ promote }));
    const headers = { Authorization: 'token.1' };
    const id = '18446744073709551615';
    const { status, text } = await askOther('POST', `/members/promote/${id}`, { headers });
    assert.deepEqual([status, text], [200, MEMBERS_TEXT]);
    assert.deepEqual(promoted, [[0xffff_ffff_ffff_ffffn, 'token.1']]);
  });

  it('passes lease requests on, as long as they are', async (t) => {
    const bodies: string[] = [];
    const take = async (body: Uint8Array) => {
      bodies.push(Buffer.from(body).toString('hex'));
      return { status: 200 as const, body: Buffer.from('0102', 'hex') };
    };
    const askOther = await listen(
      t,
      createServices({ leases: { keepAlive: take, timeToLive: take } }),
    );
    for (const path of ['/leases', '/leases/internal']) {
      const { status, headers, text } = await askOther('POST', path, { body: Buffer.from([8, 7]) });
      assert.deepEqual([status, text], [200, '\x01\x02']);
      assert.equal(headers['content-type'], 'application/protobuf');
      const refused = await askOther('GET', path);
      assert.deepEqual([refused.status, refused.headers.allow], [405, undefined]);
    }
    assert.deepEqual(bodies, ['0807', '0807']);
    const long = await askOther('POST', '/leases', { body: Buffer.alloc(70_000) });
    assert.deepEqual([long.status, long.text], [413, 'request body too large\n']);
    assert.equal(long.headers.connection, 'close');
    assert.equal(bodies.length, 2);
  });

  it('leaves the requests of the Raft transport to it', async (t) => {
    const raft: PeerServices['raft'] = (incoming, response) => {
      if (incoming.url !== '/raft') return false;
      response.writeHead(204).end();
      return true;
    };
    const askOther = await listen(t, createServices({ raft }));
    assert.equal((await askOther('POST', '/raft')).status, 204);
    assert.equal((await askOther('GET', '/members')).status, 200);
  });
});

const hashText = (revision: number): string =>
  `{"header":{"revision":2},"hash":1910070934,"compact_revision":-1,"hash_revision":${revision}}`;
