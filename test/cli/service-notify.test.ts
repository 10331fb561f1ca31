import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../support/folders.js';
import { startMember } from '../support/member.js';

const has = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** Node has no datagram sockets of the Unix kind: this is a service manager's end of one. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print(listener.recv(4096).decode(), flush=True)
`;

test('the service manager is told when the member serves', async (context) => {
  if (!has('systemd-notify') || !has('python3')) {
    return context.skip('systemd-notify or python3 is missing: the notify socket was not tried');
  }
  const path = join(temporaryFolder(context), 'notify');
  const listener = spawn('python3', ['-c', LISTENER, path]);
  context.after(() => listener.kill());
  let received = '';
  listener.stdout.on('data', (bytes: Buffer) => {
    received += bytes.toString();
  });
  while (!existsSync(path)) await delay(20);
  const member = await startMember(context, { environment: { NOTIFY_SOCKET: path } });
  await once(listener, 'exit');
  assert.match(received, /^READY=1/m);
  await member.kill();
});
