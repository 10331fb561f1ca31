import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { startMember } from '../support/member.js';

/** Status and CORS origin of an answer; `fetch` would not take these headers. */
async function ask(
  port: number,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; origin: string | undefined }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/version', agent: false, headers };
    const asking = request(options, (response) => {
      response.resume();
      const origin = response.headers['access-control-allow-origin'];
      resolve({ status: response.statusCode, origin });
    });
    asking.on('error', reject);
    asking.end();
  });
}

test('--host-whitelist: plain HTTP for other host names is refused', async (context) => {
  const { clientPort } = await startMember(context, {
    flags: ['--host-whitelist=good.example,127.0.0.1,::1'],
  });
  for (const host of ['good.example', `good.example:${clientPort}`, '127.0.0.1', '[::1]:80']) {
    assert.equal((await ask(clientPort, { host })).status, 200, host);
  }
  for (const host of ['evil.example', 'good.example.evil:2379', 'evil.example:2379']) {
    const answer = await ask(clientPort, { host });
    assert.deepEqual(answer, { status: 421, origin: undefined }, host);
  }
});

test('--cors: pages of these origins may ask', async (context) => {
  const { clientPort } = await startMember(context, {
    flags: ['--cors=http://good.example:80,https://also.example:443'],
  });
  const originFor = async (origin: string) => (await ask(clientPort, { origin })).origin;
  assert.equal(await originFor('http://good.example:80'), 'http://good.example:80');
  assert.equal(await originFor('https://also.example:443'), 'https://also.example:443');
  assert.equal(await originFor('http://evil.example'), undefined);
  assert.equal((await ask(clientPort, {})).origin, undefined);
});
