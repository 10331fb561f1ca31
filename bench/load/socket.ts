import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What a client shows a server over mutual TLS; paths of PEM files. */
export interface ClientTls {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * As Go's clients offer them (crypto/tls with AES in hardware): etcd's users are such clients, and an
 * OpenSSL server takes what the client names first.
 */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** Connects to 127.0.0.1, with `tls` over mutual TLS, and says HTTP/2 by ALPN then. */
export async function openSocket(port: number, tls: ClientTls | undefined): Promise<Socket> {
  if (tls === undefined) {
    const socket = connectTcp({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return socket;
  }
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ca: readFileSync(tls.caFile),
    cert: readFileSync(tls.certFile),
    key: readFileSync(tls.keyFile),
    ciphers: CIPHERS,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  return socket;
}
