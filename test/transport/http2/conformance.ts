import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { ErrorCode } from '../../../src/transport/http2/protocol.js';
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
