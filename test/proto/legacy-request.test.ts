import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PutRequest } from '../../src/proto/generated/etcdserverpb.js';
import { encodeInternalRequest, RequestKind } from '../../src/proto/internal-request.js';
import {
  decodeLegacyRequest,
  encodeLegacyPut,
  mayBeLegacyRequest,
} from '../../src/proto/legacy-request.js';
import { encodeBytesField } from '../support/wire.js';

/** As etcd 3.4 wrote it: id, PUT, path, value, and all other fields with nothing in them. */
const VERSION_ENTRY = Buffer.from(
  '0886a8f3c1a4c0a8c567' +
    '1203505554' +
    '1a0a2f302f76657273696f6e' +
    '2205332e342e30' +
    '2800320038004800500058006000680070007800800100',
  'hex',
);
test('an entry of etcd 3.4 is read, and written byte for byte', () => {
  const request = decodeLegacyRequest(VERSION_ENTRY);
  assert.ok(request !== undefined);
  const { method, path, value, idPrefix, idSuffix } = request;
  assert.deepEqual([method, path, value], ['PUT', '/0/version', '3.4.0']);
  assert.deepEqual([idPrefix, idSuffix], [0x678a, 0xa202483cd406]);
  assert.deepEqual(encodeLegacyPut(path, value, idPrefix, idSuffix), VERSION_ENTRY);
});

test('it may stand in the later envelope', () => {
  const wrapped = encodeBytesField(2, VERSION_ENTRY);
  assert.ok(mayBeLegacyRequest(wrapped));
  assert.deepEqual(decodeLegacyRequest(wrapped), decodeLegacyRequest(VERSION_ENTRY));
});

test('whatever is put comes back', () => {
  const id = { idPrefix: fc.nat(0xffff), idSuffix: fc.maxSafeNat().map((n) => n % 2 ** 48) };
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.record(id), (path, value, { idPrefix, idSuffix }) => {
      const entry = encodeLegacyPut(path, value, idPrefix, idSuffix);
      const read = { method: 'PUT', path, value, idPrefix, idSuffix };
      assert.deepEqual(decodeLegacyRequest(entry), read);
    }),
  );
});

test('entries of today are not taken for one, nor is anything else', () => {
  const put = PutRequest.encode({ key: Buffer.from('PUT'), value: Buffer.from('PUT') });
  const entry = encodeInternalRequest(RequestKind.put, put, 1, 2);
  assert.equal(mayBeLegacyRequest(entry), false);
  assert.equal(decodeLegacyRequest(entry), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const request = decodeLegacyRequest(bytes);
      if (request !== undefined) assert.match(request.method, /^(PUT|POST|DELETE|QGET|SYNC)$/);
    }),
  );
});
