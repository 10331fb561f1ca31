import { PeerUrlError } from './errors.js';

/** Where another member listens. */
export interface PeerUrl {
  /** As it was given. */
  readonly text: string;
  readonly isSecure: boolean;
  /** A host name or address without brackets; empty for sockets of the file system. */
  readonly host: string;
  readonly port: number;
  /** The socket file of `unix` and `unixs` URLs. */
  readonly socketPath: string | undefined;
}

/**
 * Reads a URL of a member: `http` or `https` with host and port and no path, or `unix`, `unixs` with
 * the name of a socket.
 * @throws PeerUrlError
 */
export function parsePeerUrl(text: string): PeerUrl {
  const match = /^(https?|unixs?):\/\/([^/?#]*)([^?#]*)$/.exec(text.trim());
  const [, scheme = '', authority = '', path = ''] = match ?? [];
  const isSecure = scheme === 'https' || scheme === 'unixs';
  if (scheme.startsWith('unix')) {
    const socketPath = authority === '' ? path : authority;
    if (socketPath === '') throw new PeerUrlError(`no socket in the peer URL ${text}`);
    return { text, isSecure, host: '', port: 0, socketPath };
  }
  const host = /^(?:\[([0-9A-Fa-f:.%]+)\]|([\w.-]+)):(\d{1,5})$/.exec(authority);
  const port = Number(host?.[3]);
  if (host === null || port === 0 || port > 65535 || path.replace(/\/$/, '') !== '') {
    throw new PeerUrlError(`not a peer URL: ${text}`);
  }
  return { text, isSecure, host: host[1] ?? host[2] ?? '', port, socketPath: undefined };
}

/**
 * Reads all URLs of a member.
 * @throws PeerUrlError for a bad one, or if there is none
 */
export function parsePeerUrls(texts: readonly string[]): PeerUrl[] {
  if (texts.length === 0) throw new PeerUrlError('a member without peer URLs');
  return texts.map(parsePeerUrl);
}

/** Chooses among the URLs of one member: stays with one as long as it works. */
export class UrlPicker {
  #urls: readonly PeerUrl[];
  #picked = 0;

  /** There must be a URL. */
  constructor(urls: readonly PeerUrl[]) {
    this.#urls = urls;
  }

  update(urls: readonly PeerUrl[]): void {
    this.#urls = urls;
    this.#picked = 0;
  }

  pick(): PeerUrl {
    return this.#urls[this.#picked] as PeerUrl;
  }

  /** Goes on to the next URL if `url` is the present one. */
  unreachable(url: PeerUrl): void {
    if (url === this.pick()) this.#picked = (this.#picked + 1) % this.#urls.length;
  }
}
