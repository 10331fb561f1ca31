import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder above `src` and `test` of this build. */
export const BUILD_ROOT = join(import.meta.dirname, '..', '..');

/** A command line that runs one of our own programs out of this build. */
export function ownProgram(name: 'etcd' | 'etcdctl' | 'etcdutl'): {
  file: string;
  arguments: string[];
} {
  const module = pathToFileURL(join(BUILD_ROOT, 'src', 'cli', `${name}.js`)).href;
  const terminal = pathToFileURL(join(BUILD_ROOT, 'src', 'cli', 'etcdctl.js')).href;
  const sources = {
    etcd: `import { runEtcd } from '${module}';
      await runEtcd(process.argv.slice(1), process.env);`,
    etcdctl: `import { processTerminal, runEtcdctl } from '${module}';
      process.exit(await runEtcdctl(process.argv.slice(1), processTerminal()));`,
    etcdutl: `import { processTerminal } from '${terminal}';
      import { runEtcdutl } from '${module}';
      process.exit(await runEtcdutl(process.argv.slice(1), processTerminal()));`,
  };
  const source = sources[name];
  return { file: process.execPath, arguments: ['--input-type=module', '-e', source, '--'] };
}

export interface RunningMember {
  /** `127.0.0.1:port` of the client listener. */
  readonly clientUrl: string;
  stop(): Promise<void>;
}

/** A free port of the loopback interface; whoever wants it has to be quick. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * Starts a member with the flags of a recording, on ports of the system's choice: what it advertises
 * to peers stays, because ids are derived from it. The program is KVORUM_ETCD_BINARY or our own;
 * undefined if neither exists.
 */
export async function startMember(flags: readonly string[]): Promise<RunningMember | undefined> {
  const binary = process.env.KVORUM_ETCD_BINARY;
  if (binary === undefined && !existsSync(join(BUILD_ROOT, 'src', 'embed', 'index.js'))) {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-golden-'));
  const [clientPort, peerPort, metricsPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const adapted = flags
    .filter((flag) => !/^--(?:listen-peer|listen-metrics|listen-client|advertise)-/.test(flag))
    .map((flag) => flag.replace('<DIR>', folder))
    .concat([
      `--listen-client-urls=http://127.0.0.1:${clientPort}`,
      `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      `--listen-metrics-urls=http://127.0.0.1:${metricsPort}`,
    ]);
  const own = ownProgram('etcd');
  const child =
    binary === undefined
      ? spawn(own.file, [...own.arguments, ...adapted], { stdio: ['ignore', 'ignore', 'pipe'] })
      : spawn(binary, adapted, { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await readiness(child);
    await accepting(clientPort);
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { clientUrl: `127.0.0.1:${clientPort}`, stop };
}

function readiness(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('ready to serve client requests')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`exit ${code} before it was ready:\n${output}`)));
  });
}

async function accepting(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}
