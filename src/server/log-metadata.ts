import { ProtoReader, ProtoWriter } from '../proto/wire.js';

/** etcdserverpb.Metadata {1 NodeID, 2 ClusterID}, the head of every log segment (formats.md §2.2). */
export function encodeMetadata(member: bigint, cluster: bigint): Buffer {
  const writer = new ProtoWriter(64);
  writer.uint64(cluster);
  writer.uint32(0x10);
  writer.uint64(member);
  writer.uint32(0x08);
  return writer.finish();
}

/** Reads what {@link encodeMetadata}, or a real etcd, wrote. Throws WireError. */
export function decodeMetadata(metadata: Uint8Array): { memberId: bigint; clusterId: bigint } {
  const reader = new ProtoReader(metadata);
  let member = 0n;
  let cluster = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) member = reader.uint64();
    else if (tag === 0x10) cluster = reader.uint64();
    else reader.skip(tag);
  }
  return { memberId: member, clusterId: cluster };
}
