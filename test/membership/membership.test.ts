import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterId, decodeMember, encodeMember, memberId } from '../../src/membership/index.js';

describe('ids', () => {
  it('are the hashes that real members have', () => {
    // formats.md §8 and process-contract.md give these pairs.
    const first = memberId(['http://127.0.0.1:32380'], 'tkn');
    assert.equal(first.toString(16), '763c9e70aa15678a');
    assert.equal(clusterId([first]).toString(16), '6ab9d93d6be342c7');
    const second = memberId(['https://localhost:20001'], 'new');
    assert.equal(second, 0x00a8f3458387986dn);
    assert.equal(clusterId([second]), 0x34c21a2d427db393n);
  });

  it('do not depend on the order of the URLs or members', () => {
    assert.equal(memberId(['b', 'a'], 't'), memberId(['a', 'b'], 't'));
    assert.equal(clusterId([1n, 2n]), clusterId([2n, 1n]));
    assert.notEqual(memberId(['a'], '', 1), memberId(['a'], '', 2));
  });
});

describe('member JSON', () => {
  const member = {
    id: 3436166032597103870n,
    peerUrls: ['http://127.0.0.1:32390'],
    isLearner: true,
    name: '',
    clientUrls: [],
  };

  it('is written as etcd writes it, ids unrounded', () => {
    assert.equal(
      encodeMember(member),
      '{"id":3436166032597103870,"peerURLs":["http://127.0.0.1:32390"],"isLearner":true}',
    );
    const named = { ...member, isLearner: false, name: '<a&b>', clientUrls: ['http://c'] };
    assert.equal(
      encodeMember(named),
      '{"id":3436166032597103870,"peerURLs":["http://127.0.0.1:32390"],' +
        '"name":"\\u003ca\\u0026b\\u003e","clientURLs":["http://c"]}',
    );
  });

  it('is read back, and the context of a promotion too', () => {
    assert.deepEqual(decodeMember(encodeMember(member)), { ...member, isPromote: false });
    const promotion = decodeMember('{"id":18446744073709551615,"peerURLs":null,"isPromote":true}');
    assert.deepEqual([promotion.id, promotion.isPromote], [18446744073709551615n, true]);
    for (const text of ['', '[]', '{"name":"x"}', 'null']) {
      assert.throws(() => decodeMember(text), SyntaxError);
    }
  });
});
