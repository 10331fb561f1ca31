import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEtcdError } from '../../src/base/errors.js';
import { parseMemberUrls } from '../../src/membership/index.js';

// What etcd 3.7.1 does with each of these was tried with `etcdctl member add`.
describe('URLs of a new member', () => {
  const accepted: [given: string, taken: string][] = [
    ['http://127.0.0.1:9', 'http://127.0.0.1:9'],
    [' https://[::1]:9\t', 'https://[::1]:9'],
    ['http://u@h:1?q#f', 'http://u@h:1?q#f'],
    ['HTTP://H:1', 'http://H:1'],
    ['http://:1', 'http://:1'],
    ['http://a:', 'http://a:'],
    ['http://a:99999', 'http://a:99999'],
    ['unixs://x', 'unixs://x'],
    ['unix:///run/x', 'unix:///run/x'],
  ];
  for (const [given, taken] of accepted) {
    it(`may be ${JSON.stringify(given)}`, () => {
      assert.deepEqual(parseMemberUrls([given]), [taken]);
    });
  }

  const refused = [
    '',
    'bad',
    'http://127.0.0.1:9/',
    'http://127.0.0.1',
    '127.0.0.1:9',
    'localhost:9',
    'ftp://a:1',
    'http:127.0.0.1:9',
    'http://a:1x',
    'http://a:b:1',
    'http://[::1]',
    'http://a%20b:1',
    'http://a b:1',
    'http://a\u0000:1',
    'http:///:1',
    'unix://a:b',
    'unix:///%zz',
  ];
  for (const url of refused) {
    it(`must not be ${JSON.stringify(url)}`, () => {
      const isBad = (error: unknown) => isEtcdError(error, 'MemberBadURLs');
      assert.throws(() => parseMemberUrls(['http://a:1', url]), isBad);
    });
  }

  it('must be there, and are sorted', () => {
    assert.throws(() => parseMemberUrls([]), { message: /URLs are invalid/ });
    assert.deepEqual(parseMemberUrls(['http://b:1', 'http://a:1']), ['http://a:1', 'http://b:1']);
  });
});
