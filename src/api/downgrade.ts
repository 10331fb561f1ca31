import { GrpcCode, RpcError } from '../base/errors.js';
import {
  DowngradeRequest_DowngradeAction as Action,
  DowngradeRequest,
  DowngradeResponse,
  Maintenance,
} from '../proto/generated/etcdserverpb.js';
import type { UnaryMethod } from '../transport/index.js';
import type { ResponseHeaders } from './response-header.js';
import { unary } from './rpc.js';

/** What carries out downgrades: the server room's Downgrades. */
export interface DowngradeService {
  validate(version: string): Promise<string>;
  enable(version: string): Promise<string>;
  cancel(): Promise<string>;
}

export interface DowngradeSource {
  readonly downgrades: DowngradeService;
  readonly currentRevision: () => number;
}

/** Maintenance.Downgrade (G.49). */
export function downgradeMethod(source: DowngradeSource, headers: ResponseHeaders): UnaryMethod {
  const { downgrades, currentRevision } = source;
  const carryOut = ({ action, version }: DowngradeRequest): Promise<string> => {
    switch (action) {
      case Action.VALIDATE:
        return downgrades.validate(version);
      case Action.ENABLE:
        return downgrades.enable(version);
      case Action.CANCEL:
        return downgrades.cancel();
      default:
        throw new RpcError(GrpcCode.unknown, 'etcdserver: unknown method');
    }
  };
  return unary(Maintenance.methods.downgrade.path, (bytes, reply) => {
    carryOut(DowngradeRequest.decode(bytes)).then(
      (version) => {
        const header = headers.message(currentRevision());
        reply(null, DowngradeResponse.encode({ header, version }));
      },
      (error: unknown) => reply(error),
    );
  });
}
