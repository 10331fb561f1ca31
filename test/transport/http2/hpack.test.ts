import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder, HpackError } from '../../../src/transport/http2/hpack/decoder.js';
import { encodeInteger, encodeLiteral } from '../../../src/transport/http2/hpack/encoder.js';
import type { HeaderField } from '../../../src/transport/http2/hpack/header-field.js';
import {
  decodeHuffman,
  HUFFMAN_CODES,
  HuffmanError,
} from '../../../src/transport/http2/hpack/huffman.js';
import {
  STATIC_TABLE,
  STATIC_TABLE_LENGTH,
} from '../../../src/transport/http2/hpack/static-table.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function decode(decoder: HpackDecoder, block: Buffer, maxListBytes = 1e6): string[] {
  const fields: HeaderField[] = [];
  decoder.decode(block, 0, block.length, fields, maxListBytes);
  return fields.map(({ name, value }) => `${name}: ${value}`);
}

function tableOf(decoder: HpackDecoder): string[] {
  const entries: string[] = [];
  for (let index = 0; index < decoder.table.length; index++) {
    const field = decoder.table.at(index);
    entries.push(`${field?.name}: ${field?.value}`);
  }
  return entries;
}

/** A Huffman encoder by the book: bits in a string. */
function encodeHuffman(text: Buffer): Buffer {
  let bits = '';
  for (const symbol of text) {
    const { code = 0, bits: length = 0 } = HUFFMAN_CODES[symbol] ?? {};
    bits += code.toString(2).padStart(length, '0');
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

interface Vector {
  readonly block: string;
  readonly fields: readonly string[];
  readonly table: readonly string[];
  readonly tableBytes: number;
}

const GET = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const DATE_1 = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const DATE_2 = 'date: Mon, 21 Oct 2013 20:13:22 GMT';
const LOCATION = 'location: https://www.example.com';
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const REQUESTS_TABLES = [
  [':authority: www.example.com'],
  ['cache-control: no-cache', ':authority: www.example.com'],
  ['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com'],
];
const REQUEST_3 = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];
const RESPONSES: readonly Omit<Vector, 'block'>[] = [
  {
    fields: [':status: 302', 'cache-control: private', DATE_1, LOCATION],
    table: [LOCATION, DATE_1, 'cache-control: private', ':status: 302'],
    tableBytes: 222,
  },
  {
    fields: [':status: 307', 'cache-control: private', DATE_1, LOCATION],
    table: [':status: 307', LOCATION, DATE_1, 'cache-control: private'],
    tableBytes: 222,
  },
  {
    fields: [
      ':status: 200',
      'cache-control: private',
      DATE_2,
      LOCATION,
      'content-encoding: gzip',
      COOKIE,
    ],
    table: [COOKIE, 'content-encoding: gzip', DATE_2],
    tableBytes: 215,
  },
];
const requests = (blocks: readonly string[]): Vector[] =>
  [GET, [...GET, 'cache-control: no-cache'], REQUEST_3].map((fields, index) => ({
    block: blocks[index] ?? '',
    fields,
    table: REQUESTS_TABLES[index] ?? [],
    tableBytes: [57, 110, 164][index] ?? 0,
  }));
const responses = (blocks: readonly string[]): Vector[] =>
  RESPONSES.map((expected, index) => ({ ...expected, block: blocks[index] ?? '' }));

const SEQUENCES: readonly { name: string; tableBytes: number; vectors: readonly Vector[] }[] = [
  {
    name: 'C.3 requests without Huffman coding',
    tableBytes: 4096,
    vectors: requests([
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ]),
  },
  {
    name: 'C.4 requests with Huffman coding',
    tableBytes: 4096,
    vectors: requests([
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ]),
  },
  {
    name: 'C.5 responses without Huffman coding, with eviction',
    tableBytes: 256,
    vectors: responses([
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
       2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
       6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
       54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
       5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
       3d31`,
    ]),
  },
  {
    name: 'C.6 responses with Huffman coding, with eviction',
    tableBytes: 256,
    vectors: responses([
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
       2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
       77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
       9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ]),
  },
];

describe('RFC 7541 appendix C', () => {
  it('C.1 integers', () => {
    assert.deepEqual(encodeInteger(10, 5, 0), bytes('0a'));
    assert.deepEqual(encodeInteger(1337, 5, 0), bytes('1f 9a 0a'));
    assert.deepEqual(encodeInteger(42, 8, 0), bytes('2a'));
  });

  it('C.2 single fields', () => {
    const decoder = new HpackDecoder(4096);
    const indexed = bytes('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572');
    assert.deepEqual(decode(decoder, indexed), ['custom-key: custom-header']);
    assert.equal(decoder.table.sizeBytes, 55);
    const path = bytes('040c 2f73 616d 706c 652f 7061 7468');
    assert.deepEqual(decode(decoder, path), [':path: /sample/path']);
    const never = bytes('1008 7061 7373 776f 7264 0673 6563 7265 74');
    assert.deepEqual(decode(decoder, never), ['password: secret']);
    assert.deepEqual(decode(decoder, bytes('82')), [':method: GET']);
    assert.equal(decoder.table.length, 1, 'only the first was indexed');
  });

  for (const { name, tableBytes, vectors } of SEQUENCES) {
    it(name, () => {
      const decoder = new HpackDecoder(tableBytes);
      for (const vector of vectors) {
        assert.deepEqual(decode(decoder, bytes(vector.block.replaceAll(/\s/g, ''))), vector.fields);
        assert.deepEqual(tableOf(decoder), vector.table);
        assert.equal(decoder.table.sizeBytes, vector.tableBytes);
      }
    });
  }
});

describe('the dynamic table', () => {
  it('is emptied by an entry larger than itself (§4.4)', () => {
    const decoder = new HpackDecoder(64);
    decode(decoder, bytes('4001 6101 62'));
    assert.equal(decoder.table.length, 1);
    decode(decoder, Buffer.concat([bytes('4001 61 28'), Buffer.alloc(40, 'x')]));
    assert.equal(decoder.table.length, 0);
  });

  it('follows size updates at the beginning of a block (§4.2, §6.3)', () => {
    const decoder = new HpackDecoder(4096);
    decode(decoder, bytes('4001 6101 62'));
    assert.deepEqual(decode(decoder, bytes('20 3fe11f 82')), [':method: GET']);
    assert.equal(decoder.table.length, 0, 'shrunk to nothing, then grown again');
    assert.equal(decoder.table.maxBytes, 4096);
  });

  it('refuses size updates above the limit or after a field', () => {
    assert.throws(() => decode(new HpackDecoder(4096), bytes('3fe21f')), HpackError);
    assert.throws(() => decode(new HpackDecoder(4096), bytes('82 20')), HpackError);
  });

  it('says by its version whether a block changed it', () => {
    const decoder = new HpackDecoder(4096);
    const before = decoder.tableVersion;
    decode(decoder, Buffer.concat([bytes('8286'), encodeLiteral('a', 'b')]));
    assert.equal(decoder.tableVersion, before);
    decode(decoder, bytes('4001 6101 62'));
    const after = decoder.tableVersion;
    assert.notEqual(after, before);
    decode(decoder, bytes('3fe11f'));
    assert.notEqual(decoder.tableVersion, after);
  });
});

describe('malformed blocks', () => {
  const cases: readonly [name: string, block: string][] = [
    ['index 0 (§6.1)', '80'],
    ['an index past the table', 'be'],
    ['a name index past the table', '7f ff 00 01 61'],
    ['an integer without end', 'ff ff ff ff ff ff ff ff ff ff ff 01'],
    ['a truncated integer', 'ff'],
    ['a truncated string', '00 05 61'],
    ['a literal without value', '00 01 61'],
    ['Huffman padding of zeros (§5.2)', '00 01 61 81 18'],
    ['Huffman padding of eight bits', '00 01 61 82 1fff'],
    ['the EOS symbol', '00 01 61 84 ffff ffff'],
  ];
  for (const [name, block] of cases) {
    it(`refuses ${name}`, () => {
      assert.throws(() => decode(new HpackDecoder(4096), bytes(block)), HpackError);
    });
  }

  it('counts, but does not keep, what exceeds the size of a list', () => {
    const decoder = new HpackDecoder(4096);
    const fields: HeaderField[] = [];
    const block = Buffer.concat([bytes('4001 6101 62'), bytes('be'.repeat(1000))]);
    const listBytes = decoder.decode(block, 0, block.length, fields, 340);
    assert.equal(listBytes, 1001 * 34);
    assert.equal(fields.length, 10);
  });

  it('either decodes random bytes or refuses them', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder(4096);
        try {
          for (const block of blocks) decode(decoder, Buffer.from(block));
        } catch (error) {
          assert.ok(error instanceof HpackError);
        }
        assert.ok(decoder.table.sizeBytes <= 4096);
      }),
      { numRuns: 500 },
    );
  });
});

describe('Huffman coding', () => {
  it('decodes what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (text) => {
        const coded = encodeHuffman(Buffer.from(text));
        assert.equal(decodeHuffman(coded, 0, coded.length), Buffer.from(text).toString('latin1'));
      }),
    );
  });

  it('has a prefix code in which every symbol has a place', () => {
    const sum = HUFFMAN_CODES.reduce((total, { bits }) => total + 2 ** -bits, 0);
    assert.equal(sum, 1);
  });

  it('decodes strings longer than any before', () => {
    const text = Buffer.alloc(20_000, 'a');
    const coded = encodeHuffman(text);
    assert.equal(decodeHuffman(coded, 0, coded.length), text.toString());
    assert.throws(() => decodeHuffman(Buffer.of(0xff, 0xff), 0, 2), HuffmanError);
  });
});

/** Appendix A, from 1 on. */
const STATIC_ENTRIES = `
  :authority:
  :method: GET
  :method: POST
  :path: /
  :path: /index.html
  :scheme: http
  :scheme: https
  :status: 200
  :status: 204
  :status: 206
  :status: 304
  :status: 400
  :status: 404
  :status: 500
  accept-charset:
  accept-encoding: gzip, deflate
  accept-language:
  accept-ranges:
  accept:
  access-control-allow-origin:
  age:
  allow:
  authorization:
  cache-control:
  content-disposition:
  content-encoding:
  content-language:
  content-length:
  content-location:
  content-range:
  content-type:
  cookie:
  date:
  etag:
  expect:
  expires:
  from:
  host:
  if-match:
  if-modified-since:
  if-none-match:
  if-range:
  if-unmodified-since:
  last-modified:
  link:
  location:
  max-forwards:
  proxy-authenticate:
  proxy-authorization:
  range:
  referer:
  refresh:
  retry-after:
  server:
  set-cookie:
  strict-transport-security:
  transfer-encoding:
  user-agent:
  vary:
  via:
  www-authenticate:
`;

it('the static table is that of appendix A', () => {
  const entries = STATIC_TABLE.slice(1).map((field) => `${field?.name}: ${field?.value}`.trim());
  const expected = STATIC_ENTRIES.trim()
    .split('\n')
    .map((line) => line.trim());
  assert.deepEqual(entries, expected);
  assert.equal(STATIC_TABLE_LENGTH, 61);
});
