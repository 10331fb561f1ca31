import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
} from '../../src/proto/generated/membershippb.js';
import { RequestKind } from '../../src/proto/internal-request.js';
import { decodeLegacyRequest } from '../../src/proto/legacy-request.js';
import { encodeLegacyAttributes, translateLegacyRequest } from '../../src/server/legacy-entries.js';

const ID = { idPrefix: 7, idSuffix: 9 };
const put = (path: string, value: string) =>
  translateLegacyRequest({ method: 'PUT', path, value, ...ID });

test("the cluster's version and a member's attributes mean what they mean today", () => {
  const version = put('/0/version', '3.4.0');
  assert.equal(version?.kind, RequestKind.clusterVersionSet);
  assert.deepEqual(ClusterVersionSetRequest.decode(version.body), { ver: '3.4.0' });
  assert.deepEqual([version.idPrefix, version.idSuffix], [7, 9]);

  const path = '/0/members/763c9e70aa15678a/attributes';
  const attributes = put(path, '{"name":"m1","clientURLs":["http://a:1","http://b:1"]}');
  assert.equal(attributes?.kind, RequestKind.clusterMemberAttrSet);
  assert.deepEqual(ClusterMemberAttrSetRequest.decode(attributes.body), {
    memberId: 0x763c9e70aa15678an,
    memberAttributes: { name: 'm1', clientUrls: ['http://a:1', 'http://b:1'] },
  });
  const empty = put(path, '{}');
  assert.ok(empty !== undefined);
  const { memberAttributes } = ClusterMemberAttrSetRequest.decode(empty.body);
  assert.deepEqual(memberAttributes, { name: '', clientUrls: [] });
});

test('nothing else of the former store has a meaning', () => {
  assert.equal(put('/1/some/key', 'value'), undefined);
  assert.equal(put('/0/members/zz/attributes', '{}'), undefined);
  const sync = { method: 'SYNC', path: '', value: '', ...ID };
  assert.equal(translateLegacyRequest(sync), undefined);
});

test("a member's attributes are told in the former way as today's request tells them", () => {
  const request = {
    memberId: 0xabcn,
    memberAttributes: { name: 'm "1"', clientUrls: ['http://a:1'] },
  };
  const entry = encodeLegacyAttributes(request, ID.idPrefix, ID.idSuffix);
  const legacy = decodeLegacyRequest(entry);
  assert.equal(legacy?.path, '/0/members/abc/attributes');
  const translated = translateLegacyRequest(legacy);
  assert.ok(translated !== undefined);
  assert.deepEqual(ClusterMemberAttrSetRequest.decode(translated.body), request);
});
