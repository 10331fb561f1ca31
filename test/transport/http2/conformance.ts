import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { ErrorCode } from '../../../src/transport/http2/protocol.js';
import { RawClient } from './raw-client.js';
import { type ServiceOptions, serveHttp2 } from './service.js';

/** A served client; both end with the test. */
export async function open(context: TestContext, options: ServiceOptions = {}, settings?: Buffer) {
  const service = await serveHttp2(context, options);
  const client = await RawClient.open(service.port, settings);
  context.after(() => client.close());
  return { client, service };
}

/** What a client does once connected that ends the connection, and the code of the GOAWAY. */
export function endsConnection(
  name: string,
  code: ErrorCode,
  act: (client: RawClient) => void | Promise<void>,
): void {
  it(name, async (context) => {
    const { client } = await open(context);
    await act(client);
    assert.equal((await client.goodbye())?.code, code);
  });
}

/** What a client does that resets stream 1, and the code of the RST_STREAM; the next call works. */
export function resetsStream(
  name: string,
  code: ErrorCode,
  act: (client: RawClient) => void,
): void {
  it(name, async (context) => {
    const { client } = await open(context);
    act(client);
    assert.equal((await client.reply(1)).resetCode, code);
    client.call(99);
    assert.equal((await client.reply(99)).fields['grpc-status'], '0');
  });
}

/** An attack; the server must send the client away as too demanding, and serve others. */
export function isSentAway(
  name: string,
  options: ServiceOptions,
  text: string,
  attack: (client: RawClient) => void,
): void {
  it(name, async (context) => {
    const { client, service } = await open(context, options);
    attack(client);
    const goodbye = await client.goodbye();
    assert.equal(goodbye?.code, ErrorCode.enhanceYourCalm);
    assert.equal(goodbye.text, text);
    const other = await RawClient.open(service.port);
    other.call(1);
    assert.equal((await other.reply(1)).fields['grpc-status'], '0', 'others are served');
    other.close();
  });
}

export const times = (count: number, act: (index: number) => void): void => {
  for (let index = 0; index < count; index++) act(index);
};
