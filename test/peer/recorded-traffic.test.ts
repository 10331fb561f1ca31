import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppendStreamDecoder, AppendStreamEncoder } from '../../src/peer/append-stream.js';
import { isLinkHeartbeat } from '../../src/peer/link-heartbeat.js';
import { decodeMessage } from '../../src/peer/message-decoder.js';
import { encodeMessage } from '../../src/peer/message-encoder.js';
import {
  encodeMessageFrame,
  MessageStreamDecoder,
  MessageStreamEncoder,
} from '../../src/peer/message-stream.js';
import type { StreamDecoder } from '../../src/peer/stream-codec.js';
import { type Message, MessageType } from '../../src/raft/index.js';
import {
  type RecordedMessage,
  type RecordedStream,
  recordedPosts,
  recordedStreams,
} from './recorded.js';

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [MessageType.propose, 'Prop'],
  [MessageType.append, 'App'],
  [MessageType.appendResponse, 'AppResp'],
  [MessageType.vote, 'Vote'],
  [MessageType.voteResponse, 'VoteResp'],
  [MessageType.snapshot, 'Snap'],
  [MessageType.heartbeat, 'Heartbeat'],
  [MessageType.heartbeatResponse, 'HeartbeatResp'],
  [MessageType.timeoutNow, 'TimeoutNow'],
  [MessageType.readIndex, 'ReadIndex'],
  [MessageType.readIndexResponse, 'ReadIndexResp'],
  [MessageType.preVote, 'PreVote'],
  [MessageType.preVoteResponse, 'PreVoteResp'],
]);

function decoderFor(stream: RecordedStream): StreamDecoder {
  if (stream.kind === 'message') return new MessageStreamDecoder();
  return new AppendStreamDecoder({ local: stream.receiver, remote: stream.sender });
}

/** Decodes the stream in slices of the sizes that `nextSize` gives. */
function decodeInSlices(stream: RecordedStream, nextSize: () => number): Message[] {
  const decoder = decoderFor(stream);
  const messages: Message[] = [];
  for (let start = 0; start < stream.payload.length; ) {
    const end = start + nextSize();
    decoder.push(stream.payload.subarray(start, end), messages);
    start = end;
  }
  assert.equal(decoder.isBetweenFrames, !stream.endsMidFrame);
  return messages;
}

/** Compares what the index tells of a message; what it leaves out was not on the wire. */
function checkMessage(message: Message, recorded: RecordedMessage, stream?: RecordedStream): void {
  if (recorded.type === 'LinkHeartbeat') {
    assert.ok(isLinkHeartbeat(message));
    return;
  }
  const id = (text: string | undefined, otherwise: bigint | undefined) =>
    text === undefined ? otherwise : BigInt(`0x${text}`);
  const actual = {
    type: TYPE_NAMES.get(message.type),
    to: message.to,
    from: message.from,
    term: message.term,
    index: message.index,
    logTerm: message.logTerm,
    commit: message.commit,
    reject: message.reject,
    rejectHint: message.rejectHint,
    context: Buffer.from(message.context).toString('hex'),
    entries: message.entries.length,
    firstIndex: message.entries[0]?.index ?? 0,
    entryTypes: [...new Set(message.entries.map((entry) => entry.type))].sort(),
  };
  assert.deepEqual(actual, {
    type: recorded.type,
    to: id(recorded.to, stream?.receiver),
    from: id(recorded.from, stream?.sender),
    term: recorded.term ?? 0,
    index: recorded.index ?? 0,
    logTerm: recorded.logTerm ?? 0,
    commit: recorded.commit ?? 0,
    reject: recorded.reject === 1,
    rejectHint: recorded.rejectHint ?? 0,
    context: recorded.context ?? '',
    entries: recorded.n ?? 0,
    firstIndex: recorded.first ?? 0,
    entryTypes: recorded.etypes ?? [],
  });
}

describe('recorded streams of etcd 3.7.1', () => {
  const streams = recordedStreams();

  test('there are streams of both kinds', () => {
    assert.deepEqual([...new Set(streams.map((stream) => stream.kind))].sort(), [
      'message',
      'msgapp',
    ]);
  });

  for (const stream of streams) {
    test(`${stream.name}: decodes to what the index tells, however it is sliced`, () => {
      const messages = decodeInSlices(stream, () => stream.payload.length);
      assert.equal(messages.length, stream.messages.length);
      stream.messages.forEach((recorded, at) => {
        checkMessage(messages[at] as Message, recorded, stream);
      });
      assert.deepEqual(
        decodeInSlices(stream, () => 1),
        messages,
      );
      let state = 17;
      const randomSize = () => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return 1 + (state % 300);
      };
      assert.deepEqual(decodeInSlices(stream, randomSize), messages);
    });

    test(`${stream.name}: encodes to the same bytes, frame by frame`, () => {
      const encoder =
        stream.kind === 'message' ? new MessageStreamEncoder() : new AppendStreamEncoder();
      let offset = 0;
      for (const message of decodeInSlices(stream, () => stream.payload.length)) {
        const frame = encoder.encode(message);
        const recorded = stream.payload.subarray(offset, offset + frame.length);
        assert.equal(frame.toString('hex'), recorded.toString('hex'), `frame at ${offset}`);
        offset += frame.length;
      }
      if (!stream.endsMidFrame) assert.equal(offset, stream.payload.length);
    });
  }
});

describe('recorded requests of etcd 3.7.1', () => {
  test('messages posted to /raft', () => {
    const posts = recordedPosts('/raft');
    assert.equal(posts.length, 9);
    for (const { exchange, body } of posts) {
      const message = decodeMessage(body);
      if (exchange.message === undefined) assert.fail('the index tells no message');
      checkMessage(message, exchange.message);
      assert.equal(encodeMessage(message).toString('hex'), body.toString('hex'));
    }
  });

  test('the message in front of a snapshot', () => {
    const post = recordedPosts('/raft/snapshot')[0];
    if (post === undefined) assert.fail('no snapshot was recorded');
    const { exchange, body } = post;
    const decoder = new MessageStreamDecoder();
    const message = decoder.pushOne(body);
    if (message === undefined || exchange.message === undefined) assert.fail('no message');
    assert.equal(message.type, MessageType.snapshot);
    assert.equal(message.term, exchange.message.term);
    assert.equal(message.snapshot?.metadata.confState.voters.length, 3);
    assert.equal(decoder.takeRest().length, exchange.databaseBytes);
    const frame = encodeMessageFrame(message);
    assert.equal(frame.length, 8 + (exchange.messageBytes ?? 0));
    assert.ok(frame.equals(body.subarray(0, frame.length)));
  });
});
