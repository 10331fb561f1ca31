import { EtcdError } from '../base/errors.js';
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  KV,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '../proto/generated/etcdserverpb.js';
import { RequestKind } from '../proto/internal-request.js';
import {
  type ApplyResult,
  executeReadOnlyTxn,
  finishRange,
  isReadOnlyTxn,
  isSerializableTxn,
  type KvorumServer,
  putCost,
  rangeOptionsOf,
  txnCost,
} from '../server/index.js';
import type { RpcMethod } from '../transport/index.js';
import {
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeTxnResponse,
  rangeResponse,
} from './kv-responses.js';
import {
  checkDeleteRangeRequest,
  checkPutRequest,
  checkRangeRequest,
  checkTxnRequest,
} from './kv-validation.js';
import { rangeStreamMethod } from './range-stream.js';
import type { ResponseHeaders } from './response-header.js';
import { type Reply, unary } from './rpc.js';

/** The KV service (sections A and G of the behaviour reference). */
export function kvMethods(server: KvorumServer, headers: ResponseHeaders): RpcMethod[] {
  const { range, put, deleteRange, txn, compact } = KV.methods;
  return [
    unary(range.path, (bytes, reply) => handleRange(server, headers, bytes, reply)),
    rangeStreamMethod(server, headers),
    unary(put.path, (bytes, reply) => handlePut(server, headers, bytes, reply)),
    unary(deleteRange.path, (bytes, reply) => {
      const request = DeleteRangeRequest.decode(bytes);
      checkDeleteRangeRequest(request);
      server.propose(bytes, { kind: RequestKind.deleteRange, request }, (error, result) => {
        if (result?.kind !== 'deleteRange') reply(failureOf(error));
        else reply(null, encodeDeleteRangeResponse(headers, result));
      });
    }),
    unary(txn.path, (bytes, reply) => handleTxn(server, headers, bytes, reply)),
    unary(compact.path, (bytes, reply) => handleCompact(server, headers, bytes, reply)),
  ];
}

/** An answer that is not of the kind asked for can only be an error. */
function failureOf(error: Error | null): Error {
  return error ?? new Error('the request was applied with an unexpected result');
}

function handleRange(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = RangeRequest.decode(bytes);
  checkRangeRequest(request);
  if (request.serializable) {
    readRange(server, headers, request, reply);
    return;
  }
  server.linearizableRead((error) => {
    if (error !== null) reply(error);
    else readRange(server, headers, request, reply);
  });
}

function readRange(
  server: KvorumServer,
  headers: ResponseHeaders,
  request: RangeRequest,
  reply: Reply,
): void {
  try {
    const { store } = server;
    const options = rangeOptionsOf(request);
    if (!store.prefersSlices(options)) {
      reply(null, rangeResponse(headers, finishRange(request, store.range(options))));
      return;
    }
    store.rangeSliced(options).then(
      (read) => {
        try {
          reply(null, rangeResponse(headers, finishRange(request, read)));
        } catch (error) {
          reply(error);
        }
      },
      (error: unknown) => reply(error),
    );
  } catch (error) {
    reply(error);
  }
}

/** Refuses what the backend has no room for, after having the alarm raised (G.42). */
function withinQuota(
  server: KvorumServer,
  costBytes: number,
  reply: Reply,
  proceed: () => void,
): void {
  if (server.quota.hasRoomFor(costBytes)) proceed();
  else server.raiseNoSpaceAlarm(() => reply(new EtcdError('NoSpace')));
}

function handlePut(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = PutRequest.decode(bytes);
  withinQuota(server, putCost(request), reply, () => {
    checkPutRequest(request);
    server.propose(bytes, { kind: RequestKind.put, request }, (error, result) => {
      if (result?.kind !== 'put') reply(failureOf(error));
      else reply(null, encodePutResponse(headers, result));
    });
  });
}

function handleTxn(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = TxnRequest.decode(bytes);
  withinQuota(server, txnCost(request), reply, () => {
    checkTxnRequest(request, server.options.maxTxnOps);
    if (isReadOnlyTxn(request)) {
      readTxn(server, headers, request, reply);
      return;
    }
    server.propose(bytes, { kind: RequestKind.txn, request }, (error, result) => {
      replyTxn(headers, error, result, reply);
    });
  });
}

function readTxn(
  server: KvorumServer,
  headers: ResponseHeaders,
  request: TxnRequest,
  reply: Reply,
): void {
  const read = (error: Error | null): void => {
    if (error !== null) {
      reply(error);
      return;
    }
    try {
      reply(null, encodeTxnResponse(headers, executeReadOnlyTxn(server.store, request)));
    } catch (failure) {
      reply(failure);
    }
  };
  if (isSerializableTxn(request)) read(null);
  else server.linearizableRead(read);
}

function replyTxn(
  headers: ResponseHeaders,
  error: Error | null,
  result: ApplyResult | undefined,
  reply: Reply,
): void {
  if (result?.kind !== 'txn') reply(failureOf(error));
  else reply(null, encodeTxnResponse(headers, result));
}

function handleCompact(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  reply: Reply,
): void {
  const request = CompactionRequest.decode(bytes);
  server.propose(bytes, { kind: RequestKind.compaction, request }, (error, result) => {
    if (result?.kind !== 'compaction') {
      reply(failureOf(error));
      return;
    }
    const response = CompactionResponse.encode({ header: headers.message(result.revision) });
    if (!request.physical) {
      reply(null, response);
      return;
    }
    result.physicallyDone.then(
      () => reply(null, response),
      (failure: unknown) => reply(failure),
    );
  });
}
