import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.js';
import { sendText } from './answers.js';

const METHODS = 'POST, GET, OPTIONS, PUT, DELETE';
const HEADERS = 'accept, content-type, authorization';

export interface AccessOptions {
  /** Origins that pages may come from which ask here; `*`, or none at all, allows every one. */
  readonly corsOrigins: readonly string[];
  /** Host names that plain HTTP may ask for; `*`, or none at all, allows every one. */
  readonly hostWhitelist: readonly string[];
}

/** Who may ask over HTTP on the client port: `--host-whitelist` and `--cors` (E.1). */
export class Access {
  readonly #origins: ReadonlySet<string> | undefined;
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #logger: Logger;

  constructor(options: AccessOptions, logger: Logger) {
    this.#origins = limitOf(options.corsOrigins);
    this.#hosts = limitOf(options.hostWhitelist);
    this.#logger = logger;
  }

  /** Sets the headers that browsers look for. False: the request was refused, and answered. */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    const isSecure = 'encrypted' in request.socket;
    const given = request.headers.host ?? request.headers[':authority'];
    const host = hostName(typeof given === 'string' ? given : '');
    // A page of a foreign host name that was bound to this address must not get at the data.
    if (!isSecure && this.#hosts?.has(host) === false) {
      this.#logger.warn('rejecting HTTP request to prevent DNS rebinding attacks', { host });
      sendText(
        response,
        421,
        `421 Misdirected Request: host ${JSON.stringify(host)} is not in --host-whitelist\n`,
      );
      return false;
    }
    const origin = this.#origins === undefined ? '*' : request.headers.origin;
    if (origin === '*' || (origin !== undefined && this.#origins?.has(origin) === true)) {
      response.setHeader('Access-Control-Allow-Headers', HEADERS);
      response.setHeader('Access-Control-Allow-Methods', METHODS);
      response.setHeader('Access-Control-Allow-Origin', origin);
    }
    return true;
  }
}

/** What is allowed; undefined if everything is. */
function limitOf(names: readonly string[]): ReadonlySet<string> | undefined {
  return names.length === 0 || names.includes('*') ? undefined : new Set(names);
}

/** Without the port, and an IPv6 address without its brackets if there is one. */
function hostName(host: string): string {
  const bracketed = /^\[(.*)\]:\d*$/.exec(host)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^[^:]*:\d*$/.test(host) ? host.replace(/:\d*$/, '') : host;
}
