import { hasControlCharacter } from '../base/control-characters.js';
import { EtcdError } from '../base/errors.js';

/**
 * Checks the peer URLs that a member is to have, as etcd's types.NewURLs does: scheme http or https
 * with `host:port` and no path, or unix or unixs. Returns them without blanks around, sorted.
 * @throws EtcdError MemberBadURLs, also if there are none
 */
export function parseMemberUrls(urls: readonly string[]): string[] {
  if (urls.length === 0) throw new EtcdError('MemberBadURLs');
  return urls.map(parseMemberUrl).sort();
}

/** Scheme, what follows it, and of that the authority and the path. */
const URL_PARTS = /^([a-zA-Z][a-zA-Z0-9+\-.]*):((?:\/\/([^/?#]*))?([^?#]*).*)$/;
/** What Go lets pass in a host; of escapes, a percent sign and bytes beyond ASCII. */
const HOST_CHARACTERS = /^(?:[\w\-.~!$&'()*+,;=:[\]<>"\u0080-\uffff]|%25|%[89a-fA-F][0-9a-fA-F])*$/;
const HOST_AND_PORT = /^(?:\[[^[\]]*\]|[^:[\]]*):\d*$/;
const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;

function parseMemberUrl(untrimmed: string): string {
  const text = untrimmed.trim();
  const parts = hasControlCharacter(text) ? null : URL_PARTS.exec(text);
  if (parts === null) throw new EtcdError('MemberBadURLs');
  const [, schemeAsGiven = '', rest = '', authority = '', afterAuthority = ''] = parts;
  const scheme = schemeAsGiven.toLowerCase();
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  // Without a leading slash it is "opaque" to Go, and no path.
  const path = afterAuthority.startsWith('/') ? afterAuthority : '';
  const isNet = scheme === 'http' || scheme === 'https';
  const isUsable = isNet
    ? HOST_AND_PORT.test(host) && path === ''
    : scheme === 'unix' || scheme === 'unixs';
  if (!isUsable || !isParsed(host, path)) throw new EtcdError('MemberBadURLs');
  return `${scheme}:${rest}`;
}

/** What already Go's url.Parse refuses, whatever the scheme. */
function isParsed(host: string, path: string): boolean {
  if (!HOST_CHARACTERS.test(host) || BAD_ESCAPE.test(path)) return false;
  if (host.startsWith('[')) return /^\[.*\](?::\d*)?$/.test(host);
  const colon = host.indexOf(':');
  return colon < 0 || /^:\d*$/.test(host.slice(colon));
}
