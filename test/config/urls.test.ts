import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FlagValueError } from '../../src/config/errors.js';
import { type EtcdUrl, parseUrls, toListenUrl } from '../../src/config/urls.js';

const listen = (text: string) => parseUrls(text).map(toListenUrl);

test('TCP URLs say where to bind', () => {
  assert.deepEqual(listen('http://127.0.0.1:2379'), [
    { kind: 'tcp', text: 'http://127.0.0.1:2379', secure: false, address: '127.0.0.1', port: 2379 },
  ]);
  assert.deepEqual(listen('https://[::1]:2379'), [
    { kind: 'tcp', text: 'https://[::1]:2379', secure: true, address: '::1', port: 2379 },
  ]);
  assert.deepEqual(
    listen('http://localhost:1').map((url) => url.kind === 'tcp' && url.address),
    ['127.0.0.1'],
  );
});

test('unix URLs name a socket file: relative with a host, absolute without', () => {
  const path = (text: string) => listen(text).map((url) => url.kind === 'unix' && url.path);
  assert.deepEqual(path('unix://localhost:20001'), ['localhost:20001']);
  assert.deepEqual(path('unix://etcd.unix:1'), ['etcd.unix:1']);
  assert.deepEqual(path('unix:///run/etcd.sock'), ['/run/etcd.sock']);
  assert.equal(listen('unixs:///run/etcd.sock')[0]?.secure, true);
});

test('lists are trimmed and sorted', () => {
  const texts = parseUrls('http://b:1, http://a:1').map((url: EtcdUrl) => url.text);
  assert.deepEqual(texts, ['http://a:1', 'http://b:1']);
});

test('URLs that are none are refused in the words of etcd', () => {
  const cases: readonly [string, string][] = [
    ['foo', 'URL scheme must be http, https, unix, or unixs: foo'],
    ['', 'URL scheme must be http, https, unix, or unixs: '],
    ['ftp://a:1', 'URL scheme must be http, https, unix, or unixs: ftp://a:1'],
    ['http://a', 'URL address does not have the form "host:port": http://a'],
    ['http:a:1', 'URL address does not have the form "host:port": http:a:1'],
    ['http://a:1/x', 'URL must not contain a path: http://a:1/x'],
    ['http://a:b', 'parse "http://a:b": invalid port ":b" after host'],
    ['http://a b:1', 'parse "http://a b:1": invalid character " " in host name'],
    ['http://[::1', 'parse "http://[::1": missing \']\' in host'],
    ['127.0.0.1:2379', 'parse "127.0.0.1:2379": first path segment in URL cannot contain colon'],
    ['http://a::1', 'parse "http://a::1": invalid port "::1" after host'],
    ['http://a%41:1', 'parse "http://a%41:1": invalid URL escape "%41"'],
    ['http://a:1/%zz', 'parse "http://a:1/%zz": invalid URL escape "%zz"'],
    [':1', 'parse ":1": missing protocol scheme'],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseUrls(text), { name: 'FlagValueError', message }, text);
  }
});

test('listeners bind to addresses, not to names', () => {
  for (const text of ['http://example.com:1', 'http://:1', 'http://[fe80::1%25eth0]:1']) {
    assert.throws(() => listen(text), { message: `expected IP in URL for binding (${text})` });
  }
});

test('any text is either a URL or refused', () => {
  const piece = fc.constantFrom('http', 'unix', ':', '//', '/', '[', ']', '@', '%', 'a', '1', '?');
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        try {
          parseUrls(text).map(toListenUrl);
        } catch (error) {
          assert.ok(error instanceof FlagValueError, String(error));
        }
      },
    ),
  );
});
