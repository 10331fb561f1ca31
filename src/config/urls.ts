import { isIP } from 'node:net';
import { hasControlCharacter } from '../base/control-characters.js';
import { FlagValueError } from './errors.js';
import { goQuote } from './go-text.js';

/** A URL of etcd's four schemes, taken apart; `text` is its canonical spelling. */
export interface EtcdUrl {
  readonly text: string;
  readonly scheme: 'http' | 'https' | 'unix' | 'unixs';
  /** Host and port for http and https, brackets around IPv6 kept; for unix the first path part. */
  readonly host: string;
  readonly path: string;
}

/** Where a listener binds. `secure` says whether the listener speaks TLS. */
export type ListenUrl =
  | {
      readonly kind: 'tcp';
      readonly text: string;
      readonly secure: boolean;
      /** An IP address without brackets; `localhost` has become 127.0.0.1. */
      readonly address: string;
      /** 0 lets the system choose. */
      readonly port: number;
    }
  | {
      readonly kind: 'unix';
      readonly text: string;
      readonly secure: boolean;
      /** The socket file; relative ones lie in the working directory. */
      readonly path: string;
    };

/** Splits `host:port` as Go's net.SplitHostPort does; undefined where that returns an error. */
export function splitHostPort(hostPort: string): { host: string; port: string } | undefined {
  const bracketed = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(hostPort);
  const plain = bracketed ?? /^([^:[\]]*):([^:[\]]*)$/.exec(hostPort);
  if (plain === null) return undefined;
  return { host: plain[1] ?? '', port: plain[2] ?? '' };
}

function parseFailure(input: string, reason: string): FlagValueError {
  return new FlagValueError(`parse ${goQuote(input)}: ${reason}`);
}

/** The checks Go's net/url makes on the part between `//` and the path. */
function checkAuthority(input: string, authority: string): void {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  let afterHost = host.includes(':') ? host.slice(host.indexOf(':')) : '';
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) throw parseFailure(input, "missing ']' in host");
    afterHost = host.slice(end + 1);
  }
  if (!/^(?::\d*)?$/.test(afterHost)) {
    throw parseFailure(input, `invalid port ${goQuote(afterHost)} after host`);
  }
  // In a host, only a percent sign itself and bytes beyond ASCII may be escaped.
  const badEscape = /%(?!25|[89a-fA-F][0-9a-fA-F]).{0,2}/.exec(host);
  if (badEscape) throw parseFailure(input, `invalid URL escape ${goQuote(badEscape[0])}`);
  const illegal = /[^\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host);
  if (illegal) throw parseFailure(input, `invalid character ${goQuote(illegal[0])} in host name`);
}

/** One URL, with the checks and error texts of etcd's types.NewURLs. */
function parseUrl(untrimmed: string): EtcdUrl {
  const input = untrimmed.trim();
  if (hasControlCharacter(input)) {
    throw parseFailure(input, 'net/url: invalid control character in URL');
  }
  if (input.startsWith(':')) throw parseFailure(input, 'missing protocol scheme');
  const withScheme = /^([a-zA-Z][a-zA-Z0-9+\-.]*):(.*)$/.exec(input);
  const scheme = (withScheme?.[1] ?? '').toLowerCase();
  const rest = withScheme?.[2] ?? input;
  if (withScheme === null && /^[^/?#]*:/.test(rest)) {
    throw parseFailure(input, 'first path segment in URL cannot contain colon');
  }
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1];
  if (authority !== undefined) checkAuthority(input, authority);
  const host = (authority ?? '').replace(/^.*@/, '');
  const afterAuthority = authority === undefined ? rest : rest.slice(2 + authority.length);
  // Without a leading slash the rest is "opaque" to Go: neither host nor path.
  const path = afterAuthority.startsWith('/') ? (/^[^?#]*/.exec(afterAuthority)?.[0] ?? '') : '';
  const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path);
  if (badEscape) throw parseFailure(input, `invalid URL escape ${goQuote(badEscape[0])}`);
  const url = { text: `${scheme}:${rest}`, host, path };
  if (scheme === 'unix' || scheme === 'unixs') return { ...url, scheme };
  if (scheme !== 'http' && scheme !== 'https') {
    throw new FlagValueError(`URL scheme must be http, https, unix, or unixs: ${input}`);
  }
  if (splitHostPort(host) === undefined) {
    throw new FlagValueError(`URL address does not have the form "host:port": ${input}`);
  }
  if (path !== '') throw new FlagValueError(`URL must not contain a path: ${input}`);
  return { ...url, scheme };
}

/** Orders strings by their bytes where they are ASCII, as Go's sort does. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/**
 * A comma-separated list of URLs, sorted as etcd sorts them.
 * @throws FlagValueError with etcd's reason
 */
export function parseUrls(list: string): EtcdUrl[] {
  return list
    .split(',')
    .map(parseUrl)
    .sort((left, right) => compareText(left.text, right.text));
}

/**
 * Where to bind for `url`.
 * @throws FlagValueError for a host that is neither an IP address nor `localhost`
 */
export function toListenUrl(url: EtcdUrl): ListenUrl {
  const secure = url.scheme === 'https' || url.scheme === 'unixs';
  if (url.scheme === 'unix' || url.scheme === 'unixs') {
    return { kind: 'unix', text: url.text, secure, path: url.host + url.path };
  }
  const { host, port } = splitHostPort(url.host) ?? { host: '', port: '' };
  if (host !== 'localhost' && (isIP(host) === 0 || host.includes('%'))) {
    throw new FlagValueError(`expected IP in URL for binding (${url.text})`);
  }
  // etcd resolves localhost to IPv4 first; a fixed answer keeps servers reachable where ::1 is not.
  const address = host === 'localhost' ? '127.0.0.1' : host;
  return { kind: 'tcp', text: url.text, secure, address, port: Number(port) };
}

/** Whether others can reach `url` as written: an advertised URL needs a host. */
export function hasHost(url: EtcdUrl): boolean {
  if (url.scheme === 'unix' || url.scheme === 'unixs') return true;
  return splitHostPort(url.host)?.host !== '';
}
