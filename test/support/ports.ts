import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Blocks of ports below those the system gives to outgoing connections and to `listen(0)`. */
const BLOCKS = 128;
const BLOCK_PORTS = 128;

const firstEphemeralPort = readFirstEphemeralPort();
const firstBlockPort = firstEphemeralPort - BLOCKS * BLOCK_PORTS;
/** The last port of a block is held by the process that uses the block. */
const USABLE_PORTS = BLOCK_PORTS - 1;

let claimed: Promise<number> | undefined;
let handedOut = Math.floor(Math.random() * BLOCK_PORTS);

/**
 * Ports of 127.0.0.1 that the system calls free and that stay so, even while a member is started or
 * is down for a while: no outgoing connection takes them, other test processes have blocks of their
 * own, and this one repeats them only after many others.
 */
export async function freePorts(count: number): Promise<number[]> {
  claimed ??= claimBlock();
  const blockStart = await claimed;
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt > BLOCK_PORTS + count) throw new Error('all ports of this process are taken');
    const port = blockStart + (handedOut++ % USABLE_PORTS);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** Resolves to the first port of a block that no other test process uses. */
async function claimBlock(): Promise<number> {
  for (let attempt = 0; attempt < BLOCKS; attempt++) {
    const start = firstBlockPort + ((process.pid + attempt) % BLOCKS) * BLOCK_PORTS;
    const holder = createServer().listen(start + USABLE_PORTS, '127.0.0.1');
    try {
      await once(holder, 'listening');
      holder.unref();
      return start;
    } catch {
      // Another process has it.
    }
  }
  throw new Error('all blocks of ports are taken');
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
