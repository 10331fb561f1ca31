import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdError, GrpcCode } from '../../src/base/errors.js';
import type { Logger } from '../../src/base/logger.js';
import { RpcCalls } from '../../src/http/metrics/rpc-calls.js';
import type { StreamCall, StreamReceiver } from '../../src/transport/index.js';
import { ManualClock } from '../support/manual-clock.js';

/** A client that does not listen. */
const NOBODY = { respond() {} };
const CONTEXT = { metadata: (name: string) => (name === 'client-api-version' ? '3.7' : undefined) };

function recordingLogger(lines: string[]): Logger {
  const note = (message: string, fields = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  return logger;
}

function create(options: { measuresLatency?: boolean; warningDurationMs?: number } = {}) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const calls = new RpcCalls(
    { measuresLatency: false, warningDurationMs: 300, ...options },
    { clock, logger: recordingLogger(lines) },
  );
  return { clock, lines, calls };
}

test('a unary call: messages, bytes, status, the client’s version', () => {
  const { calls } = create();
  const answers = [null, new EtcdError('NoLeader')];
  const [put] = calls.count([
    {
      kind: 'unary',
      path: '/etcdserverpb.KV/Put',
      handle: (_request, _context, responder) => {
        const error = answers.shift() ?? null;
        if (error === null) responder.respond(null, Buffer.alloc(7));
        else responder.respond(error);
      },
    },
  ]);
  assert.ok(put?.kind === 'unary');
  for (let count = 0; count < 2; count++) put.handle(Buffer.alloc(5), CONTEXT, NOBODY);
  const [method] = calls.methods;
  assert.equal(method?.service, 'etcdserverpb.KV');
  assert.equal(method?.method, 'Put');
  assert.deepEqual(
    [method?.started, method?.messagesReceived, method?.messagesSent],
    [2, 2, 1],
    'no message comes with an error',
  );
  assert.equal(method?.handled[GrpcCode.ok], 1);
  assert.equal(method?.handled[GrpcCode.unavailable], 1);
  assert.deepEqual([calls.receivedBytes, calls.sentBytes], [10, 7]);
  assert.deepEqual([...calls.byClientVersion], [['unary 3.7', { count: 2 }]]);
  calls.stop();
});

test('a stream that its client leaves was canceled; one that was ended keeps its status', () => {
  const { calls } = create();
  let opened: StreamCall | undefined;
  const receiver: StreamReceiver = { message() {}, halfClosed() {}, drained() {}, closed() {} };
  const [watch] = calls.count([
    {
      kind: 'bidi',
      path: '/etcdserverpb.Watch/Watch',
      open: (call) => {
        opened = call;
        return receiver;
      },
    },
  ]);
  assert.ok(watch?.kind === 'bidi');
  const call: StreamCall = { ...CONTEXT, write: () => true, end() {} };
  const left = watch.open(call);
  left.message(Buffer.alloc(3));
  opened?.write(Buffer.alloc(4));
  left.closed();
  const ended = watch.open(call);
  opened?.end(null);
  ended.closed();
  const [method] = calls.methods;
  assert.equal(method?.type, 'bidi_stream');
  assert.equal(method?.handled[GrpcCode.canceled], 1);
  assert.equal(method?.handled[GrpcCode.ok], 1);
  assert.deepEqual([method?.started, method?.messagesReceived, method?.messagesSent], [2, 1, 1]);
  calls.stop();
});

test('slow calls are found by a coarse clock, and by an exact one where the limit is short', () => {
  for (const [warningDurationMs, tookMs] of [
    [300, 400],
    [5, 6],
  ] as const) {
    const { calls, clock, lines } = create({ warningDurationMs });
    let answer: () => void = () => {};
    const [method] = calls.count([
      {
        kind: 'unary',
        path: '/etcdserverpb.KV/Put',
        handle: (_request, _context, responder) => {
          answer = () => responder.respond(null, Buffer.alloc(1));
        },
      },
    ]);
    assert.ok(method?.kind === 'unary');
    method.handle(Buffer.from('secret'), CONTEXT, NOBODY);
    answer();
    assert.equal(lines.join(), '');
    method.handle(Buffer.from('secret'), CONTEXT, NOBODY);
    clock.advance(tookMs);
    answer();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^request stats .*"response type":"\/etcdserverpb.KV\/Put"/);
    assert.ok(!lines[0]?.includes('secret'));
    calls.stop();
  }
});

test('clients cannot make up versions without end', () => {
  const { calls } = create();
  const [method] = calls.count([
    {
      kind: 'unary',
      path: '/etcdserverpb.KV/Put',
      handle: (_request, _context, responder) => responder.respond(null),
    },
  ]);
  assert.ok(method?.kind === 'unary');
  for (let version = 0; version < 1000; version++) {
    method.handle(Buffer.alloc(0), { metadata: () => `v${version}` }, NOBODY);
  }
  assert.ok(calls.byClientVersion.size <= 65);
  const counted = [...calls.byClientVersion.values()].reduce((sum, { count }) => sum + count, 0);
  assert.equal(counted, 1000);
  calls.stop();
});
