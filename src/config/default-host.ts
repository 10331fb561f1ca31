import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/**
 * The IPv4 address of the interface with the default route (the one of lowest metric), which etcd
 * advertises in place of an untouched `localhost`; undefined where there is none.
 */
export function detectDefaultHost(): string | undefined {
  try {
    const routes = readFileSync('/proc/net/route', 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.split(/\s+/))
      .filter((fields) => fields[1] === '00000000' && fields[7] === '00000000')
      .sort((left, right) => Number(left[6]) - Number(right[6]));
    const name = routes[0]?.[0] ?? '';
    return networkInterfaces()[name]?.find((entry) => entry.family === 'IPv4')?.address;
  } catch {
    return undefined; // no Linux, or no view of the routes: then localhost stays
  }
}
