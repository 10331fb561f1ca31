import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Which of some processes holds the other end of a connection that was accepted on 127.0.0.1; none if
 * it has closed it again. Linux only (`/proc`).
 */
export function processBehind(
  connection: { readonly remotePort: number; readonly localPort: number },
  pids: readonly number[],
): number | undefined {
  const inode = inodeOf(connection.remotePort, connection.localPort);
  return inode === undefined ? undefined : pids.find((pid) => holdsSocket(pid, inode));
}

/** The inode of the socket bound to `localPort` and connected to `remotePort`. */
function inodeOf(localPort: number, remotePort: number): string | undefined {
  const local = `0100007F:${hex(localPort)}`;
  const remote = `0100007F:${hex(remotePort)}`;
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === local && fields[2] === remote) return fields[9];
  }
  return undefined;
}

function holdsSocket(pid: number, inode: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => target(`${folder}/${name}`) === `socket:[${inode}]`);
  } catch {
    // The process has ended.
    return false;
  }
}

function target(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
