import { RPC_CODE, RpcError } from './status.js';

const PREFIX_BYTES = 5;

/** A message as gRPC puts it on a stream: not compressed, its length, its bytes. */
export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Cuts the bytes of a stream into messages. */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  /** `maxBytes`: largest message, 0 for no limit. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are complete with `chunk`. Throws RpcError. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    const messages: Buffer[] = [];
    while (this.#sizeBytes >= PREFIX_BYTES) {
      const head = this.#gather(PREFIX_BYTES);
      const lengthBytes = head.readUInt32BE(1);
      if (head[0] !== 0) throw new RpcError(RPC_CODE.internal, 'compressed message');
      if (this.#maxBytes > 0 && lengthBytes > this.#maxBytes) {
        const sizes = `(${lengthBytes} vs. ${this.#maxBytes})`;
        const text = `grpc: received message larger than max ${sizes}`;
        throw new RpcError(RPC_CODE.resourceExhausted, text);
      }
      const frameBytes = PREFIX_BYTES + lengthBytes;
      if (this.#sizeBytes < frameBytes) break;
      const frame = this.#gather(frameBytes);
      messages.push(frame.subarray(PREFIX_BYTES, frameBytes));
      this.#chunks = [frame.subarray(frameBytes)];
      this.#sizeBytes -= frameBytes;
    }
    return messages;
  }

  /** One buffer of at least `sizeBytes`; joins chunks only when the first does not hold them. */
  #gather(sizeBytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= sizeBytes) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}
