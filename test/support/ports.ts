import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Blocks of ports below those the system gives to outgoing connections and to `listen(0)`. */
const BLOCKS = 128;
const BLOCK_PORTS = 128;

const firstEphemeralPort = readFirstEphemeralPort();
const blockStart = firstEphemeralPort - BLOCKS * BLOCK_PORTS + (process.pid % BLOCKS) * BLOCK_PORTS;
let handedOut = Math.floor(Math.random() * BLOCK_PORTS);

/**
 * Ports of 127.0.0.1 that the system calls free and that stay so, even while a member is started or
 * is down for a while: no outgoing connection takes them, other test processes have blocks of their
 * own, and this one repeats them only after many others.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt > BLOCK_PORTS + count) throw new Error('all ports of this process are taken');
    const port = blockStart + (handedOut++ % BLOCK_PORTS);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** Linux's default where it does not say. */
function readFirstEphemeralPort(): number {
  try {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const first = Number(range.split(/\s/)[0]);
    return first > BLOCKS * BLOCK_PORTS + 1024 ? first : 32_768;
  } catch {
    return 32_768;
  }
}
