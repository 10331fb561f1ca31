import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Cleanup } from './cleanup.js';
import { temporaryFolder } from './folders.js';
import { requireProgram } from './programs.js';

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface IssueOptions {
  /** Subject alternative names; default: localhost and the loopback addresses. */
  readonly names?: readonly string[];
  /** Default `serverAuth,clientAuth`. */
  readonly usages?: string;
  /** When it ends, in hours from now; default 24. Negative: it has expired. */
  readonly endsInHours?: number;
}

const LOOPBACK_NAMES = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'];
const HOUR_MS = 3_600_000;

/**
 * An authority that issues and revokes certificates with the `openssl` program, as an administrator
 * would. Its files lie in a temporary folder.
 */
export class CertificateAuthority {
  readonly folder: string;
  readonly caFile: string;
  readonly #configFile: string;
  /** The own certificate, if another authority vouches for it: it follows those that are issued. */
  readonly #chain: string;

  private constructor(folder: string, chain = '') {
    this.folder = folder;
    this.#chain = chain;
    this.caFile = join(folder, 'ca.crt');
    this.#configFile = join(folder, 'ca.cnf');
  }

  /** A new authority. The program `openssl` has to be there: see {@link requireOpenssl}. */
  static create(cleanup: Cleanup, commonName = 'etcd-ca'): CertificateAuthority {
    const authority = new CertificateAuthority(temporaryFolder(cleanup));
    authority.#setUp(commonName);
    return authority;
  }

  /** An authority for which this one vouches, and the files of its certificate. */
  createIntermediate(
    cleanup: Cleanup,
    commonName: string,
  ): [CertificateAuthority, CertificateFiles] {
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,cRLSign'];
    const files = this.#sign(commonName, extensions, 24);
    const folder = temporaryFolder(cleanup);
    copyFileSync(files.certFile, join(folder, 'ca.crt'));
    copyFileSync(files.keyFile, join(folder, 'ca.key'));
    const chain = readFileSync(files.certFile, 'utf8') + this.#chain;
    const authority = new CertificateAuthority(folder, chain);
    authority.#setUpFiles();
    return [authority, files];
  }

  /** Issues a certificate; one of the same name is overwritten, as a renewal does. */
  issue(commonName: string, options: IssueOptions = {}): CertificateFiles {
    const { names = LOOPBACK_NAMES, usages = 'serverAuth,clientAuth', endsInHours = 24 } = options;
    const extensions = [`extendedKeyUsage=${usages}`, 'keyUsage=digitalSignature'];
    if (names.length > 0) extensions.push(`subjectAltName=${names.join()}`);
    return this.#sign(commonName, extensions, endsInHours);
  }

  revoke(files: CertificateFiles): void {
    this.#ca('-revoke', files.certFile);
  }

  /** The list of the revoked certificates. */
  revocationList(form: 'PEM' | 'DER' = 'PEM'): string {
    const pem = join(this.folder, 'crl.pem');
    this.#ca('-gencrl', '-crldays', '1', '-out', pem);
    if (form === 'PEM') return pem;
    const der = join(this.folder, 'crl.der');
    openssl('crl', '-in', pem, '-outform', 'DER', '-out', der);
    return der;
  }

  #sign(commonName: string, extensions: readonly string[], endsInHours: number): CertificateFiles {
    const file = (suffix: string): string => join(this.folder, `${commonName}.${suffix}`);
    const [certFile, keyFile] = [file('crt'), file('key')];
    writeFileSync(file('ext'), extensions.join('\n'));
    openssl('req', '-new', ...newKey(keyFile), '-subj', `/CN=${commonName}`, '-out', file('csr'));
    const dates = [
      ...['-startdate', opensslTime(Math.min(0, endsInHours) - 1)],
      ...['-enddate', opensslTime(endsInHours)],
    ];
    const files = ['-in', file('csr'), '-out', certFile, '-extfile', file('ext')];
    this.#ca('-batch', '-notext', ...dates, ...files);
    appendFileSync(certFile, this.#chain);
    return { certFile, keyFile };
  }

  #setUp(commonName: string): void {
    const keyFile = join(this.folder, 'ca.key');
    this.#setUpFiles();
    const extensions = [
      ...['-addext', 'basicConstraints=critical,CA:TRUE'],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'],
    ];
    const subject = ['-subj', `/CN=${commonName}`, '-days', '2', '-out', this.caFile];
    openssl('req', '-x509', ...newKey(keyFile), ...subject, ...extensions);
  }

  #setUpFiles(): void {
    mkdirSync(join(this.folder, 'issued'));
    writeFileSync(join(this.folder, 'index.txt'), '');
    writeFileSync(this.#configFile, configuration(this.folder));
  }

  #ca(...args: readonly string[]): void {
    openssl('ca', '-config', this.#configFile, ...args);
  }
}

/** False after the test was skipped with a notice, because `openssl` is missing. */
export function requireOpenssl(context: TestContext): boolean {
  return requireProgram(context, 'openssl') !== undefined;
}

const newKey = (keyFile: string): string[] => [
  ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile],
];

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** As `openssl ca` wants it: YYYYMMDDHHMMSSZ. */
function opensslTime(inHours: number): string {
  const text = new Date(Date.now() + inHours * HOUR_MS).toISOString();
  return `${text.replace(/[-:T]|\..*$/g, '')}Z`;
}

function configuration(folder: string): string {
  return `
[ca]
default_ca = here
[here]
database = ${folder}/index.txt
new_certs_dir = ${folder}/issued
certificate = ${folder}/ca.crt
private_key = ${folder}/ca.key
default_md = sha256
rand_serial = yes
policy = any
unique_subject = no
[any]
commonName = supplied
`;
}
