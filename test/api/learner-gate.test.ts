import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateLearner } from '../../src/api/learner-gate.js';
import {
  Cluster,
  KV,
  Lease,
  Maintenance,
  RangeRequest,
  Watch,
} from '../../src/proto/generated/etcdserverpb.js';
import { Health } from '../../src/proto/generated/grpc_health_v1.js';
import type { RpcMethod, StreamReceiver } from '../../src/transport/index.js';

const REFUSED = 'etcdserver: rpc not supported for learner';
const NO_METADATA = { metadata: () => undefined };

const receiver: StreamReceiver = { message() {}, halfClosed() {}, drained() {}, closed() {} };
const STREAMS: readonly string[] = [
  Watch.methods.watch.path,
  Lease.methods.leaseKeepAlive.path,
  Maintenance.methods.snapshot.path,
  Health.methods.watch.path,
];

/** A method that is served, and says so. */
function servedMethod(path: string): RpcMethod {
  if (!STREAMS.includes(path)) {
    return {
      kind: 'unary',
      path,
      handle: (_request, _context, responder) => responder.respond(null),
    };
  }
  const kind = path === Watch.methods.watch.path ? 'bidi' : 'server';
  return {
    kind,
    path,
    open(call) {
      call.end(null);
      return receiver;
    },
  };
}

/** What a client of this method gets on a member that is a learner or not. */
function answer(path: string, isLearner: boolean, request: Buffer = Buffer.alloc(0)): string {
  const [method] = gateLearner([servedMethod(path)], () => isLearner);
  let status = 'no answer';
  const end = (error: Error | null): void => {
    assert.equal(status, 'no answer');
    status = error?.message ?? 'served';
  };
  if (method?.kind === 'unary') method.handle(request, NO_METADATA, { respond: end });
  else method?.open({ ...NO_METADATA, write: () => true, end });
  return status;
}

describe('a learner', () => {
  const refused = [
    KV.methods.put.path,
    KV.methods.txn.path,
    KV.methods.compact.path,
    Lease.methods.leaseGrant.path,
    Lease.methods.leaseKeepAlive.path,
    Watch.methods.watch.path,
    Cluster.methods.memberList.path,
    Cluster.methods.memberPromote.path,
    Maintenance.methods.alarm.path,
    Maintenance.methods.hash.path,
    Maintenance.methods.hashKv.path,
    Maintenance.methods.defragment.path,
    Maintenance.methods.moveLeader.path,
    Health.methods.check.path,
    Health.methods.watch.path,
  ];
  for (const path of refused) {
    it(`refuses ${path}, and a voter serves it`, () => {
      assert.equal(answer(path, true), REFUSED);
      assert.equal(answer(path, false), 'served');
    });
  }

  it('serves Status, Snapshot and serializable Range', () => {
    assert.equal(answer(Maintenance.methods.status.path, true), 'served');
    assert.equal(answer(Maintenance.methods.snapshot.path, true), 'served');
    const key = Buffer.from('k');
    const serializable = RangeRequest.encode({ key, serializable: true });
    assert.equal(answer(KV.methods.range.path, true, serializable), 'served');
    assert.equal(answer(KV.methods.range.path, true, RangeRequest.encode({ key })), REFUSED);
    // What is no Range at all is told so.
    assert.equal(answer(KV.methods.range.path, true, Buffer.from([0x0a, 0xff])), 'served');
  });
});
