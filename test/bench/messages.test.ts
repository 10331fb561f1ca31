import assert from 'node:assert/strict';
import test from 'node:test';
import { MessageReader } from '../../bench/load/messages.js';

function framed(text: string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(text.length, 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

/** What a reader makes of these chunks. */
function read(chunks: readonly Buffer[]): string[] {
  const messages: string[] = [];
  const reader = new MessageReader((bytes, start, end) => {
    messages.push(bytes.toString('latin1', start, end));
  });
  for (const chunk of chunks) reader.data(chunk, 0, chunk.length);
  return messages;
}

const TEXTS = ['first', '', 'a longer one', 'x'];
const BYTES = Buffer.concat(TEXTS.map(framed));

test('messages are the same wherever the stream is cut', () => {
  for (let first = 0; first <= BYTES.length; first++) {
    for (let second = first; second <= BYTES.length; second++) {
      const chunks = [
        BYTES.subarray(0, first),
        BYTES.subarray(first, second),
        BYTES.subarray(second),
      ];
      assert.deepEqual(read(chunks), TEXTS, `cut at ${first} and ${second}`);
    }
  }
});

test('messages come through byte by byte', () => {
  assert.deepEqual(read([...BYTES].map((byte) => Buffer.from([byte]))), TEXTS);
});
