import { KV } from '../../src/proto/generated/etcdserverpb.js';
import { callOnce } from '../call.js';
import type { RowBench } from './row.js';

/** The store's revision as of now. */
export async function revisionOf({ server }: RowBench): Promise<number> {
  const key = Buffer.from('which-revision');
  const { header } = await callOnce(server.clientPort, KV.methods.range, { key });
  if (header === undefined) throw new Error('an answer without a header');
  return header.revision;
}

/** The call that compacts everything up to `revision` and answers when it is gone from disk. */
export function compactionCall(revision: number): { path: string; body: string } {
  const { path, request } = KV.methods.compact;
  return { path, body: request.encode({ revision, physical: true }).toString('base64') };
}
