/** Where a server is. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface Endpoint {
  readonly address: Address;
  /** Whether the scheme asks for TLS; undefined without a scheme. */
  readonly secure: boolean | undefined;
}

const DEFAULT_PORT = 80;

/** Reads `http://h:p`, `https://h:p`, `unix:path`, `unixs://path`, `h:p`. */
export function parseEndpoint(endpoint: string): Endpoint {
  const match = /^(https?|unixs?):(?:\/\/)?(.*)$/.exec(endpoint);
  const scheme = match?.[1];
  const rest = match?.[2] ?? endpoint;
  const secure = scheme === undefined ? undefined : scheme.endsWith('s');
  if (scheme?.startsWith('unix')) return { address: { kind: 'unix', path: rest }, secure };
  const [, host = '', port] =
    /^(?:\[([^\]]*)\])(?::(\d+))?/.exec(rest) ?? /^([^/]*?)(?::(\d+))?(?:\/.*)?$/.exec(rest) ?? [];
  const address = { kind: 'tcp' as const, host, port: Number(port ?? DEFAULT_PORT) };
  return { address, secure };
}
