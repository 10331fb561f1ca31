import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { encodeInteger } from '../../../src/transport/http2/hpack/encoder.js';
import { ErrorCode, Flag, FrameType } from '../../../src/transport/http2/protocol.js';
import { endsConnection, open } from './conformance.js';
import { block, indexedLiteral, message, type RawClient, requestWith } from './raw-client.js';
import { serveHttp2 } from './service.js';

/* RFC 7541 on the wire, and against the encoder of nghttp2 that Node's HTTP/2 brings along. */

const HEADER = requestWith({ ':path': '/test.Echo/Header' });

function sendBlock(client: RawClient, id: number, bytes: Buffer): void {
  client.send(FrameType.headers, Flag.endHeaders, id, bytes);
}

/** What the server takes a header to be, of a request whose block ends with `fields`. */
async function takenValue(client: RawClient, id: number, name: string, ...fields: Buffer[]) {
  sendBlock(client, id, Buffer.concat([block(HEADER), ...fields]));
  client.data(id, message(name));
  return (await client.reply(id)).body.subarray(5).toString('latin1');
}

describe('RFC 7541 on the wire', () => {
  for (const [name, bytes] of [
    ['§4.2 a size update after a field', Buffer.concat([block(HEADER), Buffer.of(0x20)])],
    ['§6.3 a size update above the setting', encodeInteger(4097, 5, 0x20)],
    ['§5.1 an integer without end', Buffer.alloc(20, 0xff)],
    ['§5.2 a string longer than its block', Buffer.from('00857a', 'hex')],
    ['§5.2 padding of zeros', Buffer.from('000161 8118'.replace(' ', ''), 'hex')],
    ['§6.1 index 0', Buffer.of(0x80)],
    ['§2.3.3 an index past both tables', Buffer.of(0xff, 0x40)],
  ] as const) {
    endsConnection(name, ErrorCode.compressionError, (client) => sendBlock(client, 1, bytes));
  }

  endsConnection(
    '§4.1 a block that cannot be decoded, on a stream that was reset',
    ErrorCode.compressionError,
    (client) => {
      client.headers(1, requestWith({ connection: 'close' }));
      sendBlock(client, 1, Buffer.of(0x80));
    },
  );

  it('§2.3.3 the newest entry is 62, older ones follow', async (context) => {
    const { client } = await open(context);
    assert.equal(await takenValue(client, 1, 'x-a', indexedLiteral('x-a', '1')), '1');
    assert.equal(await takenValue(client, 3, 'x-b', indexedLiteral('x-b', '2')), '2');
    assert.equal(await takenValue(client, 5, 'x-b', Buffer.of(0xbe)), '2');
    assert.equal(await takenValue(client, 7, 'x-a', Buffer.of(0xbf)), '1');
  });

  it('§2.3.2 equal entries may be there twice', async (context) => {
    const { client } = await open(context);
    await takenValue(client, 1, 'x-a', indexedLiteral('x-a', '1'), indexedLiteral('x-a', '1'));
    assert.equal(await takenValue(client, 3, 'x-a', Buffer.of(0xbe)), '1');
    assert.equal(await takenValue(client, 5, 'x-a', Buffer.of(0xbf)), '1');
  });

  it('§6.2.2, §6.2.3 literals without indexing and never indexed leave the table alone', async (context) => {
    const { client } = await open(context);
    const literal = (first: number): Buffer =>
      Buffer.concat([Buffer.of(first, 3), Buffer.from('x-a'), Buffer.of(1), Buffer.from('1')]);
    assert.equal(await takenValue(client, 1, 'x-a', literal(0x00)), '1');
    assert.equal(await takenValue(client, 3, 'x-a', literal(0x10)), '1');
    sendBlock(client, 5, Buffer.of(0xbe));
    assert.equal((await client.goodbye())?.code, ErrorCode.compressionError);
  });

  it('§4.2 two size updates may begin a block; the table is then empty', async (context) => {
    const { client } = await open(context);
    await takenValue(client, 1, 'x-a', indexedLiteral('x-a', '1'));
    const updates = Buffer.concat([Buffer.of(0x20), encodeInteger(4096, 5, 0x20)]);
    sendBlock(client, 3, Buffer.concat([updates, block(HEADER)]));
    client.data(3, message('x-a'));
    assert.equal((await client.reply(3)).body.subarray(5).toString(), '(none)');
    sendBlock(client, 5, Buffer.concat([block(HEADER), Buffer.of(0xbe)]));
    assert.equal((await client.goodbye())?.code, ErrorCode.compressionError);
  });

  it('§4.3 the oldest entries go first when the table is full', async (context) => {
    const { client } = await open(context);
    await takenValue(client, 1, 'x-a', indexedLiteral('x-a', '1'));
    await takenValue(client, 3, 'x-b', indexedLiteral('x-b', 'b'.repeat(2000)));
    await takenValue(client, 5, 'x-c', indexedLiteral('x-c', 'c'.repeat(2000)));
    assert.equal(await takenValue(client, 7, 'x-b', Buffer.of(0xbf)), 'b'.repeat(2000));
    sendBlock(client, 9, Buffer.of(0xc0));
    assert.equal((await client.goodbye())?.code, ErrorCode.compressionError);
  });

  it('§4.4 an entry may take the name of one that it evicts', async (context) => {
    const { client } = await open(context);
    await takenValue(client, 1, 'x-a', indexedLiteral('x-a', '1'));
    const value = 'v'.repeat(4096 - 32 - 3);
    const byName = Buffer.concat([
      Buffer.of(0x40 | 62),
      encodeInteger(value.length, 7, 0),
      Buffer.from(value),
    ]);
    assert.equal(await takenValue(client, 3, 'x-a', byName), value);
    assert.equal(await takenValue(client, 5, 'x-a', Buffer.of(0xbe)), value);
  });

  it('§4.4 an entry larger than the table is a field all the same', async (context) => {
    const { client } = await open(context);
    const value = 'v'.repeat(5000);
    assert.equal(await takenValue(client, 1, 'x-a', indexedLiteral('x-a', value)), value);
    assert.equal(await takenValue(client, 3, 'x-b', indexedLiteral('x-b', '1')), '1');
    assert.equal(await takenValue(client, 5, 'x-b', Buffer.of(0xbe)), '1');
  });

  it('§5.1 integers may be longer than they need be', async (context) => {
    const { client } = await open(context);
    const length = Buffer.of(0x7f, 0x81, 0x80, 0x00);
    const field = Buffer.concat([
      Buffer.of(0, 3),
      Buffer.from('x-a'),
      length,
      Buffer.alloc(128, 'v'),
    ]);
    assert.equal(await takenValue(client, 1, 'x-a', field), 'v'.repeat(128));
  });
});

describe('nghttp2’s encoder', () => {
  async function ask(context: TestContext) {
    const { port } = await serveHttp2(context);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    context.after(() => session.destroy());
    return async (name: string, headers: Record<string, string>): Promise<string> => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/test.Echo/Header',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      stream.end(message(name));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).subarray(5).toString('utf8');
    };
  }

  it('§5.2, appendix B: every character that a value may hold', async (context) => {
    const value = await ask(context);
    const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => /[\t\x20-\x7e\x80-\xff]/.test(character),
    );
    for (const character of characters) {
      // Alone among short codes it is sent Huffman-coded where that is shorter.
      const text = `aaaaaaaa${character}aaaaaaaa`;
      assert.equal(await value('x-a', { 'x-a': text }), text);
    }
    const all = `a${characters.join('')}a`;
    assert.equal(await value('x-a', { 'x-a': all }), all);
  });

  it('§2.3, §4: tables that fill, overflow and are referred to, over many requests', async (context) => {
    const value = await ask(context);
    for (let round = 0; round < 300; round++) {
      const name = `x-name-${round % 40}`;
      const text = `${'value '.repeat(1 + (round % 17))}${round % 23}`;
      assert.equal(await value(name, { [name]: text, 'x-other': String(round) }), text);
    }
  });
});
