/** gRPC status codes by Go's names, in the order of their numbers. */
const CODE_NAMES = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound'],
  ...['AlreadyExists', 'PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted'],
  ...['OutOfRange', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
] as const;

/** The codes that this program tells apart. */
export const RPC_CODE = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** An RPC failed; the message is what etcdctl prints. */
export class RpcError extends Error {
  readonly code: number;
  /** The server's own words. */
  readonly details: string;

  constructor(code: number, details: string) {
    super(describe(code, details));
    this.name = 'RpcError';
    this.code = code;
    this.details = details;
  }
}

function describe(code: number, details: string): string {
  if (details.startsWith('etcdserver: ') || details.startsWith('auth: ')) return details;
  if (code === RPC_CODE.deadlineExceeded) return 'context deadline exceeded';
  if (code === RPC_CODE.canceled) return 'context canceled';
  return `rpc error: code = ${CODE_NAMES[code] ?? `Code(${code})`} desc = ${details}`;
}

/** The code of an answer that is no gRPC (its HTTP status), as gRPC's specification maps it. */
export function codeOfHttpStatus(status: number): number {
  if (status === 400) return RPC_CODE.internal;
  if (status === 401) return RPC_CODE.unauthenticated;
  if (status === 403) return RPC_CODE.permissionDenied;
  if (status === 404) return RPC_CODE.unimplemented;
  return [429, 502, 503, 504].includes(status) ? RPC_CODE.unavailable : RPC_CODE.unknown;
}

/** `grpc-message` is percent-encoded; what is wrongly encoded stays as it is. */
export function decodeStatusMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
