import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/base/clock.js';
import { orderAppends } from '../../src/peer/inbox.js';
import { ClusterQueries, NodePeerConnector, parseId, parseMembers } from '../../src/peer/index.js';
import { parsePeerUrl, parsePeerUrls, UrlPicker } from '../../src/peer/peer-url.js';
import { parseVersion } from '../../src/peer/semantic-version.js';
import { createMessage, MessageType } from '../../src/raft/index.js';
import { connections } from './recorded.js';

describe('peer URLs', () => {
  test('name a host and a port, or a socket', () => {
    const { host, port, isSecure } = parsePeerUrl('https://[::1]:2380');
    assert.deepEqual({ host, port, isSecure }, { host: '::1', port: 2380, isSecure: true });
    assert.equal(parsePeerUrl('http://node-1.local:80').host, 'node-1.local');
    assert.equal(parsePeerUrl('unix://localhost:2380').socketPath, 'localhost:2380');
    assert.equal(parsePeerUrl('unix:///run/etcd.sock').socketPath, '/run/etcd.sock');
  });

  test('that name none are refused', () => {
    for (const text of [
      '',
      'localhost:1',
      'ftp://a:1',
      'http://a',
      'http://a:0',
      'http://a:70000',
      'http://a:1/x',
      'http://a b:1',
      'unix://',
    ]) {
      assert.throws(() => parsePeerUrl(text), { name: 'PeerUrlError' }, text);
    }
    assert.throws(() => parsePeerUrls([]), { name: 'PeerUrlError' });
  });

  test('are used in turn as they fail', () => {
    const [first, second] = parsePeerUrls(['http://a:1', 'http://b:1']);
    if (first === undefined || second === undefined) assert.fail();
    const picker = new UrlPicker([first, second]);
    assert.equal(picker.pick(), first);
    picker.unreachable(second);
    assert.equal(picker.pick(), first, 'the failure of another URL says nothing');
    picker.unreachable(first);
    assert.equal(picker.pick(), second);
    picker.unreachable(second);
    assert.equal(picker.pick(), first);
  });
});

test('ids are hexadecimal and of 64 bits', () => {
  assert.equal(parseId('8e9e05c52164694d'), 0x8e9e05c52164694dn);
  assert.equal(parseId('00FF'), 255n);
  for (const text of ['', '0x1', 'g', '1ffffffffffffffff', '-1'])
    assert.equal(parseId(text), undefined);
});

test('versions have three numbers', () => {
  assert.deepEqual(parseVersion('3.7.1'), { major: 3, minor: 7 });
  assert.deepEqual(parseVersion('3.7.1-alpha.1'), { major: 3, minor: 7 });
  for (const text of ['3.7', '', 'v3.7.1', '3.7.1 ', '3.x.1'])
    assert.equal(parseVersion(text), undefined);
});

test('appends of a batch are put in order, all else keeps its place', () => {
  const message = fc.record({
    type: fc.constantFrom(MessageType.append, MessageType.heartbeatResponse),
    term: fc.nat(3),
    index: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(message), (fields) => {
      const batch = fields.map((one) => createMessage(one));
      const ordered = [...batch];
      orderAppends(ordered);
      assert.deepEqual(new Set(ordered), new Set(batch));
      const appends = ordered.filter((one) => one.type === MessageType.append);
      for (let at = 1; at < appends.length; at++) {
        const [left, right] = [appends[at - 1], appends[at]];
        if (left === undefined || right === undefined) assert.fail();
        assert.ok(
          left.term < right.term || (left.term === right.term && left.index <= right.index),
        );
      }
      batch.forEach((one, place) => {
        if (one.type !== MessageType.append) assert.equal(ordered[place], one);
      });
    }),
  );
});

describe('cluster queries', { timeout: 20_000 }, () => {
  /** Asks a server that answers as `listener` does. */
  async function querying(t: TestContext, listener: RequestListener, timeoutMs = 5000) {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connector = new NodePeerConnector();
    const queries = new ClusterQueries({ timeoutMs }, { clock: systemClock, connector });
    t.after(() => {
      queries.close();
      connector.close();
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    if (address === null || typeof address === 'string') assert.fail('no port');
    return { queries, url: `http://127.0.0.1:${address.port}` };
  }

  /** The recorded answer to `request`. */
  function recordedAnswer(request: string): string {
    for (const { exchanges } of connections) {
      const found = exchanges.find((exchange) => exchange.request === request);
      if (found?.responseBody !== undefined) return found.responseBody;
    }
    assert.fail(`no ${request} was recorded`);
  }

  test('members keep the 64 bits of their ids', async (t) => {
    const { queries, url } = await querying(t, (_request, response) => {
      response.setHeader('X-Etcd-Cluster-ID', 'f00000000000000f');
      response.end(recordedAnswer('GET /members'));
    });
    const { clusterId, members } = await queries.members(url);
    assert.equal(clusterId, 0xf00000000000000fn);
    const byId = (left: bigint, right: bigint) => (left < right ? -1 : 1);
    assert.deepEqual(
      members.map((member) => member.id),
      members.map((member) => member.id).sort(byId),
    );
    assert.ok(members.some((member) => member.id === 0x9d22620df9c4d903n));
    assert.ok(members.every((member) => member.peerUrls.length === 1));
  });

  test('fields that are left out are empty', () => {
    const text =
      '[{"id":18446744073709551615,"peerURLs":null},{"id": 2,"peerURLs":["http://\\"id\\":5"],"isLearner":true,"name":"n","clientURLs":["http://c:1"]}]\n';
    assert.deepEqual(parseMembers(text), [
      { id: 2n ** 64n - 1n, name: '', peerUrls: [], clientUrls: [], isLearner: false },
      {
        id: 2n,
        name: 'n',
        peerUrls: ['http://"id":5'],
        clientUrls: ['http://c:1'],
        isLearner: true,
      },
    ]);
  });

  test('versions, also of a member that has no storage version', async (t) => {
    const { queries, url } = await querying(t, (_request, response) => {
      response.end(recordedAnswer('GET /version'));
    });
    assert.equal((await queries.version(url)).server, '3.7.1');
    const old = await querying(t, (_request, response) => {
      response.end('{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}');
    });
    assert.deepEqual(await old.queries.version(old.url), {
      server: '3.4.23',
      cluster: '3.4.0',
      storage: undefined,
    });
  });

  test('whether there is a downgrade', async (t) => {
    const { queries, url } = await querying(t, (_request, response) => {
      response.end(recordedAnswer('GET /downgrade/enabled'));
    });
    assert.equal(typeof (await queries.isDowngradeEnabled(url)), 'boolean');
  });

  test('no answer in time, a bad one and none at all are errors', async (t) => {
    const silent = await querying(t, () => {}, 50);
    await assert.rejects(silent.queries.members(silent.url), { name: 'PeerRequestError' });
    for (const body of ['', 'no json', '{}', '[1]', '[{"id":"x"}]']) {
      const { queries, url } = await querying(t, (_request, response) => {
        response.setHeader('X-Etcd-Cluster-ID', '1');
        response.end(body);
      });
      await assert.rejects(queries.members(url), { name: 'PeerRequestError' }, body);
      await assert.rejects(queries.version(url), { name: 'PeerRequestError' }, body);
      await assert.rejects(queries.isDowngradeEnabled(url), { name: 'PeerRequestError' }, body);
    }
    const { queries } = await querying(t, () => {});
    await assert.rejects(queries.version('http://127.0.0.1:1'), { code: 'ECONNREFUSED' });
    await assert.rejects(queries.version('nonsense'), { name: 'PeerUrlError' });
  });

  test('a body goes with any method, and any status comes back', async (t) => {
    const { queries, url } = await querying(t, (request, response) => {
      response.statusCode = 412;
      request.pipe(response);
    });
    const answer = await queries.exchange(url, {
      method: 'GET',
      path: '/members/hashkv',
      body: Buffer.from('{"revision":5}'),
    });
    assert.equal(answer.status, 412);
    assert.equal(answer.body.toString(), '{"revision":5}');
  });
});
