import { createHash } from 'node:crypto';

/** The first eight bytes of a SHA-1, as etcd forms member and cluster ids (formats.md §8). */
function sha1Id(bytes: Buffer): bigint {
  return createHash('sha1').update(bytes).digest().readBigUInt64BE(0);
}

/**
 * The id of a member: its peer URLs, sorted, the cluster's token, and for members added while the
 * cluster runs the time in Unix seconds.
 */
export function memberId(peerUrls: readonly string[], token: string, unixSeconds?: number): bigint {
  const time = unixSeconds === undefined ? '' : String(unixSeconds);
  return sha1Id(Buffer.from([...peerUrls].sort().join('') + token + time, 'utf8'));
}

/** The id of a cluster: those of its first members, ascending. */
export function clusterId(memberIds: readonly bigint[]): bigint {
  const bytes = Buffer.allocUnsafe(memberIds.length * 8);
  const ascending = [...memberIds].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  ascending.forEach((id, position) => {
    bytes.writeBigUInt64BE(id, position * 8);
  });
  return sha1Id(bytes);
}

/** An id as etcd's tools and files show it: lower-case hexadecimal without padding. */
export function formatId(id: bigint): string {
  return id.toString(16);
}
