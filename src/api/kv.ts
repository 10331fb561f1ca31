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
  executeReadOnlyTxn,
  finishRange,
  isReadOnlyTxn,
  isSerializableTxn,
  type KvorumServer,
  putCost,
  rangeOptionsOf,
  txnCost,
} from '../server/index.js';
import type { Responder, RpcMethod } from '../transport/index.js';
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
import { directUnary, refuse } from './rpc.js';

/** The KV service (sections A and G of the behaviour reference). */
export function kvMethods(server: KvorumServer, headers: ResponseHeaders): RpcMethod[] {
  const { range, put, deleteRange, txn, compact } = KV.methods;
  return [
    directUnary(range.path, (bytes, responder) => handleRange(server, headers, bytes, responder)),
    rangeStreamMethod(server, headers),
    directUnary(put.path, (bytes, responder) => handlePut(server, headers, bytes, responder)),
    directUnary(deleteRange.path, (bytes, responder) => {
      const request = DeleteRangeRequest.decode(bytes);
      checkDeleteRangeRequest(request);
      server.propose(RequestKind.deleteRange, bytes, (error, result) => {
        if (result?.kind !== 'deleteRange') refuse(responder, failureOf(error));
        else responder.respond(null, encodeDeleteRangeResponse(headers, result));
      });
    }),
    directUnary(txn.path, (bytes, responder) => handleTxn(server, headers, bytes, responder)),
    directUnary(compact.path, (bytes, responder) =>
      handleCompact(server, headers, bytes, responder),
    ),
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
  responder: Responder,
): void {
  const request = RangeRequest.decode(bytes);
  checkRangeRequest(request);
  if (request.serializable) {
    readRange(server, headers, request, responder);
    return;
  }
  server.linearizableRead((error) => {
    if (error !== null) refuse(responder, error);
    else readRange(server, headers, request, responder);
  });
}

function readRange(
  server: KvorumServer,
  headers: ResponseHeaders,
  request: RangeRequest,
  responder: Responder,
): void {
  try {
    const { store } = server;
    const options = rangeOptionsOf(request);
    if (!store.prefersSlices(options)) {
      const read = finishRange(request, store.range(options));
      responder.respond(null, rangeResponse(headers, read));
      return;
    }
    store.rangeSliced(options).then(
      (read) => {
        try {
          responder.respond(null, rangeResponse(headers, finishRange(request, read)));
        } catch (error) {
          refuse(responder, error);
        }
      },
      (error: unknown) => refuse(responder, error),
    );
  } catch (error) {
    refuse(responder, error);
  }
}

/** False if the backend has no room: the call is refused, after the alarm was raised (G.42). */
function hasRoom(server: KvorumServer, costBytes: number, responder: Responder): boolean {
  if (server.quota.hasRoomFor(costBytes)) return true;
  server.raiseNoSpaceAlarm(() => refuse(responder, new EtcdError('NoSpace')));
  return false;
}

function handlePut(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  responder: Responder,
): void {
  const request = PutRequest.decode(bytes);
  if (!hasRoom(server, putCost(request), responder)) return;
  checkPutRequest(request);
  server.propose(RequestKind.put, bytes, (error, result) => {
    if (result?.kind !== 'put') refuse(responder, failureOf(error));
    else responder.respond(null, encodePutResponse(headers, result));
  });
}

function handleTxn(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  responder: Responder,
): void {
  const request = TxnRequest.decode(bytes);
  if (!hasRoom(server, txnCost(request), responder)) return;
  checkTxnRequest(request, server.options.maxTxnOps);
  if (isReadOnlyTxn(request)) {
    readTxn(server, headers, request, responder);
    return;
  }
  server.propose(RequestKind.txn, bytes, (error, result) => {
    if (result?.kind !== 'txn') refuse(responder, failureOf(error));
    else responder.respond(null, encodeTxnResponse(headers, result));
  });
}

function readTxn(
  server: KvorumServer,
  headers: ResponseHeaders,
  request: TxnRequest,
  responder: Responder,
): void {
  const read = (error: Error | null): void => {
    if (error !== null) {
      refuse(responder, error);
      return;
    }
    try {
      responder.respond(
        null,
        encodeTxnResponse(headers, executeReadOnlyTxn(server.store, request)),
      );
    } catch (failure) {
      refuse(responder, failure);
    }
  };
  if (isSerializableTxn(request)) read(null);
  else server.linearizableRead(read);
}

function handleCompact(
  server: KvorumServer,
  headers: ResponseHeaders,
  bytes: Buffer,
  responder: Responder,
): void {
  const request = CompactionRequest.decode(bytes);
  server.propose(RequestKind.compaction, bytes, (error, result) => {
    if (result?.kind !== 'compaction') {
      refuse(responder, failureOf(error));
      return;
    }
    const response = CompactionResponse.encode({ header: headers.message(result.revision) });
    if (!request.physical) {
      responder.respond(null, response);
      return;
    }
    result.physicallyDone.then(
      () => responder.respond(null, response),
      (failure: unknown) => refuse(responder, failure),
    );
  });
}
