/** Failures of a handshake in the words Go's TLS has for them, which people search logs for. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNRESET: 'EOF',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'handshake timeout: i/o timeout',
  ERR_SSL_HTTP_REQUEST: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls: first record does not look like a TLS handshake',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "tls: client didn't provide a certificate",
  ERR_SSL_NO_SHARED_CIPHER: 'tls: no cipher suite supported by both client and server',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls: client offered only unsupported versions',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'tls: client requested unsupported application protocols',
};

/** Alerts of the other side (RFC 8446 §6.2), by the end of OpenSSL's code. */
const ALERTS: Readonly<Record<string, string>> = {
  BAD_CERTIFICATE: 'bad certificate',
  UNSUPPORTED_CERTIFICATE: 'unsupported certificate',
  CERTIFICATE_REVOKED: 'revoked certificate',
  CERTIFICATE_EXPIRED: 'expired certificate',
  CERTIFICATE_UNKNOWN: 'unknown certificate',
  UNKNOWN_CA: 'unknown certificate authority',
  ACCESS_DENIED: 'access denied',
  HANDSHAKE_FAILURE: 'handshake failure',
  PROTOCOL_VERSION: 'protocol version not supported',
};

/** Why a certificate does not count, by OpenSSL's code for it. */
const VERIFICATION: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
  INVALID_PURPOSE: 'certificate specifies an incompatible key usage',
};
const UNKNOWN_AUTHORITY = 'certificate signed by unknown authority';

/** Why a handshake failed; `EOF` if the other side just went away. */
export function handshakeErrorText(error: Error & { code?: string; reason?: string }): string {
  const { code = '' } = error;
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1];
  if (alert !== undefined) {
    return `remote error: tls: ${ALERTS[alert] ?? alert.toLowerCase().replaceAll('_', ' ')}`;
  }
  return WORDS[code] ?? error.reason ?? error.message;
}

/** Why a certificate was not accepted, of OpenSSL's code, e.g. `CERT_HAS_EXPIRED`. */
export function verificationErrorText(code: string): string {
  const isUnknown = /UNABLE_TO|SELF_SIGNED|UNTRUSTED/.test(code);
  const reason = VERIFICATION[code] ?? (isUnknown ? UNKNOWN_AUTHORITY : code.toLowerCase());
  return `tls: failed to verify certificate: x509: ${reason}`;
}
