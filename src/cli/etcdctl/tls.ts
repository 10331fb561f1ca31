import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { CommandError, EXIT } from './exit.js';
import { openErrorText } from './file-errors.js';
import type { TlsSettings } from './grpc/channel.js';

export interface TlsOptions {
  /** Paths; empty for none. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly insecureTransport: boolean;
  readonly insecureSkipVerify: boolean;
  /** The name that the certificate must have; empty for that of the endpoint. */
  readonly serverName: string;
}

/**
 * What the TLS options ask for; undefined if connections are plain unless their endpoint says otherwise.
 * @throws CommandError for files that cannot be used
 */
export function tlsSettings(options: TlsOptions): TlsSettings | undefined {
  const { certFile, keyFile, caFile, serverName, insecureSkipVerify } = options;
  const hasFiles = certFile !== '' || keyFile !== '' || caFile !== '' || serverName !== '';
  if (!hasFiles && options.insecureTransport && !insecureSkipVerify) return undefined;
  if ((certFile === '') !== (keyFile === '')) {
    const files = `[key: ${keyFile}, cert: ${certFile}]`;
    throw badArguments(`KeyFile and CertFile must both be present${files}`);
  }
  const material: SecureContextOptions = {};
  if (certFile !== '') material.cert = read(certFile);
  if (keyFile !== '') material.key = read(keyFile);
  if (caFile !== '') material.ca = read(caFile);
  return {
    context: hasFiles ? contextOf(material, certFile, caFile) : undefined,
    rejectUnauthorized: !insecureSkipVerify,
    serverName: serverName === '' ? undefined : serverName,
  };
}

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

function contextOf(material: SecureContextOptions, certFile: string, caFile: string) {
  try {
    return createSecureContext(material);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') {
      throw badArguments('tls: private key does not match public key');
    }
    const files = [certFile, caFile].filter((path) => path !== '').join(', ');
    const reason = error instanceof Error ? error.message : String(error);
    throw badArguments(`tls: failed to read the certificates or the key in ${files}: ${reason}`);
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw badArguments(openErrorText(path, error));
  }
}
