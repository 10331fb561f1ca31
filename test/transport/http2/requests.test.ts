import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, Flag } from '../../../src/transport/http2/protocol.js';
import { open, resetsStream } from './conformance.js';
import { message, REQUEST, requestWith } from './raw-client.js';

describe('§8 requests', () => {
  const malformed: readonly [name: string, fields: [string, string][]][] = [
    [
      '§8.2.1 upper-case names',
      [...REQUEST.map(([n, v]): [string, string] => [n, v]), ['X-A', 'b']],
    ],
    ['§8.2.1 invalid characters in names', requestWith({ 'a b': 'c' })],
    ['§8.2.1 line ends in values', requestWith({ a: 'b\r\nc' })],
    ['§8.2.1 zero bytes in values', requestWith({ a: 'b\0' })],
    ['§8.2.1 white space around values', requestWith({ a: ' b' })],
    ['§8.2.2 connection', requestWith({ connection: 'close' })],
    ['§8.2.2 transfer-encoding', requestWith({ 'transfer-encoding': 'chunked' })],
    ['§8.2.2 te other than trailers', requestWith({ te: 'gzip' })],
    ['§8.3 unknown pseudo-headers', requestWith({ ':test': 'x' })],
    ['§8.3 pseudo-headers of responses', requestWith({ ':status': '200' })],
    [
      '§8.3 pseudo-headers after others',
      [['a', 'b'], ...REQUEST.map(([n, v]): [string, string] => [n, v])],
    ],
    [
      '§8.3.1 pseudo-headers twice',
      [[':method', 'POST'], ...REQUEST.map(([n, v]): [string, string] => [n, v])],
    ],
    ['§8.3.1 no :method', requestWith({ ':method': undefined })],
    ['§8.3.1 no :scheme', requestWith({ ':scheme': undefined })],
    ['§8.3.1 no :path', requestWith({ ':path': undefined })],
    ['§8.3.1 an empty :path', requestWith({ ':path': '' })],
    ['§8.1.1 content-length that is no number', requestWith({ 'content-length': 'x' })],
  ];
  for (const [name, fields] of malformed) {
    resetsStream(`malformed: ${name}`, ErrorCode.protocolError, (client) =>
      client.call(1, 'x', fields),
    );
  }

  for (const [name, length] of [
    ['too short', '7'],
    ['too long', '5'],
  ] as const) {
    resetsStream(
      `§8.1.1 a body ${name} for its content-length`,
      ErrorCode.protocolError,
      (client) => {
        client.headers(1, requestWith({ ':path': '/test.Echo/Late', 'content-length': length }));
        client.data(1, message('x'));
      },
    );
  }

  resetsStream('§8.1 trailers without END_STREAM', ErrorCode.protocolError, (client) => {
    client.headers(1);
    client.headers(1, [['a', 'b']]);
  });
  resetsStream('§8.1 trailers with pseudo-headers', ErrorCode.protocolError, (client) => {
    client.headers(1);
    client.headers(1, [[':path', '/']], Flag.endHeaders | Flag.endStream);
  });

  it('§8.1 trailers end the request', async (context) => {
    const { client, service } = await open(context);
    client.headers(1, requestWith({ ':path': '/test.Echo/Chat' }));
    client.data(1, message('one'), 0);
    client.headers(1, [['a', 'b']], Flag.endHeaders | Flag.endStream);
    const reply = await client.reply(1);
    assert.equal(reply.fields['grpc-status'], '0');
    assert.equal(service.witness.halfClosed, 1);
  });
});
