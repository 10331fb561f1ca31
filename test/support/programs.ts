import { execFileSync } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { repositoryRoot } from './repository.js';

/** How a program is started: an executable, or a JavaScript file run by this Node. */
export interface Program {
  command: string;
  leadingArguments: readonly string[];
  /** What messages call it. */
  label: string;
}

/** Programs of Debian packages that tests may use, with the package to install. */
const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  h2load: 'nghttp2-client',
  nghttp: 'nghttp2-client',
  curl: 'curl',
  openssl: 'openssl',
  promtool: 'prometheus',
  prlimit: 'util-linux',
  'systemd-analyze': 'systemd',
};

/** The path of an executable on PATH, or undefined. */
export function findOnPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * The path of a program the test needs, or undefined after the test was skipped with a notice that
 * names the Debian package. Callers return at once on undefined.
 */
export function requireProgram(context: TestContext, name: string): string | undefined {
  const path = findOnPath(name);
  if (path === undefined) context.skip(missingProgramNotice(name));
  return path;
}

/** The notice of a skipped test, also for suites that decide before a test context exists. */
export function missingProgramNotice(name: string): string {
  return `${name} is not on PATH (Debian package ${DEBIAN_PACKAGES[name] ?? 'unknown'})`;
}

/**
 * The server under test: `KVORUM_SERVER` (an etcd executable or a JavaScript file), or else this
 * project's bin/etcd, whose gRPC is then carried as {@link carrierUnderTest} says.
 */
export function serverUnderTest(): Program {
  const given = process.env.KVORUM_SERVER;
  if (given !== undefined) return programAt(given);
  const own = programAt(join(repositoryRoot, 'bin', 'etcd'));
  if (carrierUnderTest() === 'native') return own;
  const flag = `--experimental-grpc-transport=${carrierUnderTest()}`;
  return {
    ...own,
    leadingArguments: [...own.leadingArguments, flag],
    label: `${own.label} ${flag}`,
  };
}

/** What carries the gRPC of the server under test: `KVORUM_TEST_TRANSPORT`, or else our own. */
export function carrierUnderTest(): 'native' | 'grpc-js' {
  const given = process.env.KVORUM_TEST_TRANSPORT ?? 'native';
  if (given === 'native' || given === 'grpc-js') return given;
  throw new Error(`KVORUM_TEST_TRANSPORT is ${given}, which is neither native nor grpc-js`);
}

/**
 * The real etcd that answers are compared with: `KVORUM_ETCD_ORACLE`, or else `etcd` on PATH;
 * undefined when there is none.
 */
export function oracleServer(): Program | undefined {
  const path = process.env.KVORUM_ETCD_ORACLE ?? findOnPath('etcd');
  return path === undefined ? undefined : programAt(path);
}

/** Wraps a path as a program. Files with a Node shebang or a .js suffix are run by this Node. */
export function programAt(path: string): Program {
  if (!existsSync(path)) throw new Error(`there is no program at ${path}`);
  return isNodeScript(path)
    ? { command: process.execPath, leadingArguments: [path], label: path }
    : { command: path, leadingArguments: [], label: path };
}

/** The version an etcd reports, as `major.minor.patch`. Throws if it prints none. */
export function etcdVersion(program: Program): string {
  const output = execFileSync(program.command, [...program.leadingArguments, '--version'], {
    encoding: 'utf8',
  });
  const version = /^etcd Version: (\S+)/m.exec(output)?.[1];
  if (version === undefined) throw new Error(`${program.label} --version printed: ${output}`);
  return version;
}

function isNodeScript(path: string): boolean {
  if (/\.[cm]?js$/.test(path)) return true;
  const head = Buffer.alloc(64);
  const file = openSync(path, 'r');
  try {
    const sizeBytes = readSync(file, head, 0, head.length, 0);
    return /^#!.*\bnode\b/.test(head.toString('latin1', 0, sizeBytes));
  } finally {
    closeSync(file);
  }
}
