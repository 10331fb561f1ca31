import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EtcdError } from '../../src/base/errors.js';
import { PutRequest } from '../../src/proto/generated/etcdserverpb.js';
import { decodeInternalRequest, RequestKind } from '../../src/proto/internal-request.js';
import { ProposalDroppedError } from '../../src/raft/index.js';
import { Proposals, type Waiter } from '../../src/server/proposals.js';
import { RequestIds } from '../../src/server/request-id.js';
import { ManualClock } from '../support/manual-clock.js';

function createProposals(options: { propose?: () => void; unapplied?: number } = {}) {
  const clock = new ManualClock();
  const batches: Uint8Array[][] = [];
  const proposals = new Proposals(
    { maxRequestBytes: 1000, timeoutMs: 7000, maxWaiting: 3, maxWaitingBytes: 2000 },
    {
      ids: new RequestIds(0xabcdn, clock.unixMs()),
      clock,
      propose: (batch) => {
        batches.push([...batch]);
        options.propose?.();
      },
      unappliedEntries: () => options.unapplied ?? 0,
      timeoutError: () => new EtcdError('Timeout'),
    },
  );
  proposals.start();
  const results: string[] = [];
  const submit = (name: string, valueSize = 1): void => {
    const body = PutRequest.encode({ key: Buffer.from(name), value: Buffer.alloc(valueSize) });
    proposals.submit(RequestKind.put, body, (error, result) => {
      results.push(`${name}: ${error === null ? `revision ${result?.revision}` : error.message}`);
    });
  };
  const waitersOf = (batch: number): (Waiter | undefined)[] =>
    (batches[batch] ?? []).map((entry) =>
      proposals.waiterOf(decodeInternalRequest(entry).idSuffix, entry),
    );
  const applied = (waiter: Waiter | undefined, revision: number): void => {
    assert.ok(waiter !== undefined);
    proposals.applied(waiter, null, { kind: 'plain', revision });
  };
  return { clock, proposals, batches, results, submit, waitersOf, applied };
}

describe('Proposals', () => {
  it('propose what came in one turn as one batch, and answer when it is applied', () => {
    const { clock, batches, results, submit, waitersOf, applied } = createProposals();
    submit('a');
    submit('b');
    assert.equal(batches.length, 0);
    clock.runImmediates();
    assert.equal(batches.length, 1);
    const [first, second] = waitersOf(0);
    applied(second, 2);
    applied(first, 3);
    applied(first, 4);
    assert.deepEqual(results, ['b: revision 2', 'a: revision 3']);
  });

  it('refuse what is too large, and more than may wait', () => {
    const { results, submit } = createProposals();
    submit('large', 1000);
    submit('a');
    submit('b');
    submit('c');
    submit('d');
    assert.deepEqual(results, [
      'large: etcdserver: request is too large',
      'd: etcdserver: too many requests',
    ]);
    const bytes = createProposals();
    for (const name of ['a', 'b', 'c']) bytes.submit(name, 900);
    assert.deepEqual(bytes.results, ['c: etcdserver: too many requests']);
  });

  it('know their own requests by all bytes: ids of two members may be the same', () => {
    const { clock, proposals, batches, submit } = createProposals();
    submit('a');
    clock.runImmediates();
    const [entry = Buffer.alloc(0)] = batches[0] ?? [];
    const { idSuffix } = decodeInternalRequest(entry);
    assert.equal(proposals.waiterOf(idSuffix, entry)?.kind, RequestKind.put);
    assert.equal(proposals.waiterOf(idSuffix, Buffer.from(entry))?.kind, RequestKind.put);
    const other = Buffer.from(entry);
    other[other.length - 1] = 0x7a;
    assert.equal(proposals.waiterOf(idSuffix, other), undefined);
  });

  it('refuse everything while applying lags far behind', () => {
    const { results, submit } = createProposals({ unapplied: 5001 });
    submit('a');
    assert.deepEqual(results, ['a: etcdserver: too many requests']);
  });

  it('tell their clients when Raft will never take them', () => {
    const { clock, results, submit } = createProposals({
      propose: () => {
        throw new ProposalDroppedError('invalid');
      },
    });
    submit('a');
    clock.runImmediates();
    assert.deepEqual(results, ['a: etcdserver: no leader']);
  });

  it('wait for a leader', () => {
    let hasLeader = false;
    const { clock, proposals, batches, results, submit, waitersOf, applied } = createProposals({
      propose: () => {
        if (!hasLeader) throw new ProposalDroppedError('no-leader');
      },
    });
    submit('a');
    clock.runImmediates();
    hasLeader = true;
    proposals.flush();
    for (const waiter of waitersOf(batches.length - 1)) applied(waiter, 2);
    assert.deepEqual(results, ['a: revision 2']);
  });

  it('give each request to Raft once, also if that leads back to them', () => {
    const { clock, proposals, batches, submit } = createProposals({
      propose: () => proposals.flush(),
    });
    submit('a');
    clock.runImmediates();
    assert.equal(batches.length, 1);
  });

  it('hold back what Raft cannot take yet, and drop what nobody waits for any more', () => {
    let isFull = true;
    const { clock, proposals, batches, results, submit, waitersOf, applied } = createProposals({
      propose: () => {
        if (isFull) throw new ProposalDroppedError('uncommitted-size-limit');
      },
    });
    submit('a');
    clock.runImmediates();
    clock.advance(5000);
    submit('b');
    clock.runImmediates();
    assert.deepEqual(results, []);
    clock.advance(2500);
    assert.deepEqual(results, ['a: etcdserver: request timed out']);
    isFull = false;
    proposals.flush();
    const last = batches.length - 1;
    assert.equal(waitersOf(last).length, 1);
    proposals.flush();
    assert.equal(batches.length - 1, last);
    applied(waitersOf(last)[0], 5);
    assert.equal(results[1], 'b: revision 5');
  });

  it('give up after the request timeout, and end with the member', () => {
    const { clock, proposals, results, submit } = createProposals();
    submit('a');
    clock.advance(5000);
    submit('b');
    clock.advance(2500);
    assert.deepEqual(results, ['a: etcdserver: request timed out']);
    proposals.stop();
    submit('c');
    assert.deepEqual(results.slice(1), [
      'b: etcdserver: server stopped',
      'c: etcdserver: server stopped',
    ]);
  });
});
