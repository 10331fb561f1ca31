/** Bytes of one output chunk: some hundred small responses, or the frames around large ones. */
export const CHUNK_BYTES = 32 * 1024;
/** Chunks kept for reuse, 8 MiB; more than that in use at once is allocated and dropped again. */
const MAX_FREE = 256;

const free: Buffer[] = [];

/** A chunk of {@link CHUNK_BYTES} with anything in it. */
export function takeChunk(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
}

/** Gives a chunk back that nobody refers to any more. */
export function releaseChunk(chunk: Buffer): void {
  if (free.length < MAX_FREE) free.push(chunk);
}
