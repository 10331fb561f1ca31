/** What the machine lends to a build: its package mirror, its Node, its npm's way to the registry. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Runs a program to its end; throws with what it wrote if that is not a good one. */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (error !== undefined) throw error;
  if (status !== 0) {
    const end = `${stdout}${stderr}`.split('\n').slice(-40).join('\n');
    throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${end}`);
  }
  return stdout;
}

/** The mirror from which this machine gets the packages of a release of Debian. */
export function packageMirror(suite: string): string {
  const which = ['Created-By: Packages', `Codename: ${suite}`, 'Component: main'];
  const sites = run('apt-get', ['indextargets', '--format', '$(SITE)', ...which]);
  const [site = ''] = sites.split('\n');
  if (site === '') throw new Error(`apt has no source for ${suite}`);
  return site;
}

/** Where npm itself lies on this machine. */
export function npmFolder(): string {
  return `${npm('root', '--global')}/npm`;
}

/** How builds reach the network: variables, and the file of authorities that they need with it. */
export interface NetworkSettings {
  readonly variables: Readonly<Record<string, string>>;
  readonly authoritiesFile: string | undefined;
}

const NPM_SETTINGS = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** The settings that npm has here, without anything that says who asks. */
export function networkSettings(): NetworkSettings {
  const variables: Record<string, string> = {};
  for (const name of NPM_SETTINGS) {
    const value = npm('config', 'get', name);
    if (isSet(value)) variables[`npm_config_${name.replaceAll('-', '_')}`] = value;
  }
  for (const name of PROXY_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) variables[name] = value;
  }
  const files = [npm('config', 'get', 'cafile'), process.env.NODE_EXTRA_CA_CERTS ?? ''];
  return { variables, authoritiesFile: files.find((path) => existsSync(path)) };
}

const isSet = (value: string): boolean => !['', 'null', 'undefined'].includes(value);

function npm(...args: string[]): string {
  return execFileSync('npm', args, { encoding: 'utf8' }).trim();
}
