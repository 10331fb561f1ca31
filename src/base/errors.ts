/** The status codes of gRPC. */
export const GrpcCode = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

/**
 * Every error of etcd's contract: name, code and the exact text by which clients know it
 * (errors.md). The one place where they are mapped to the wire.
 */
const ETCD_ERRORS = {
  EmptyKey: [GrpcCode.invalidArgument, 'etcdserver: key is not provided'],
  KeyNotFound: [GrpcCode.invalidArgument, 'etcdserver: key not found'],
  ValueProvided: [GrpcCode.invalidArgument, 'etcdserver: value is provided'],
  LeaseProvided: [GrpcCode.invalidArgument, 'etcdserver: lease is provided'],
  TooManyOps: [GrpcCode.invalidArgument, 'etcdserver: too many operations in txn request'],
  DuplicateKey: [GrpcCode.invalidArgument, 'etcdserver: duplicate key given in txn request'],
  InvalidClientAPIVersion: [GrpcCode.invalidArgument, 'etcdserver: invalid client api version'],
  InvalidSortOption: [GrpcCode.invalidArgument, 'etcdserver: invalid sort option'],
  Compacted: [GrpcCode.outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  FutureRev: [GrpcCode.outOfRange, 'etcdserver: mvcc: required revision is a future revision'],
  NoSpace: [GrpcCode.resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  LeaseNotFound: [GrpcCode.notFound, 'etcdserver: requested lease not found'],
  LeaseExist: [GrpcCode.failedPrecondition, 'etcdserver: lease already exists'],
  LeaseTTLTooLarge: [GrpcCode.outOfRange, 'etcdserver: too large lease TTL'],
  WatchCanceled: [GrpcCode.canceled, 'etcdserver: watch canceled'],
  MemberExist: [GrpcCode.failedPrecondition, 'etcdserver: member ID already exist'],
  PeerURLExist: [GrpcCode.failedPrecondition, 'etcdserver: Peer URLs already exists'],
  MemberNotEnoughStarted: [
    GrpcCode.failedPrecondition,
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  MemberBadURLs: [GrpcCode.invalidArgument, 'etcdserver: given member URLs are invalid'],
  MemberNotFound: [GrpcCode.notFound, 'etcdserver: member not found'],
  MemberNotLearner: [GrpcCode.failedPrecondition, 'etcdserver: can only promote a learner member'],
  LearnerNotReady: [
    GrpcCode.failedPrecondition,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  TooManyLearners: [GrpcCode.failedPrecondition, 'etcdserver: too many learner members in cluster'],
  ClusterIDMismatch: [GrpcCode.failedPrecondition, 'etcdserver: cluster ID mismatch'],
  RequestTooLarge: [GrpcCode.invalidArgument, 'etcdserver: request is too large'],
  RequestTooManyRequests: [GrpcCode.resourceExhausted, 'etcdserver: too many requests'],
  RootUserNotExist: [GrpcCode.failedPrecondition, 'etcdserver: root user does not exist'],
  RootRoleNotExist: [GrpcCode.failedPrecondition, 'etcdserver: root user does not have root role'],
  UserAlreadyExist: [GrpcCode.failedPrecondition, 'etcdserver: user name already exists'],
  UserEmpty: [GrpcCode.invalidArgument, 'etcdserver: user name is empty'],
  UserNotFound: [GrpcCode.failedPrecondition, 'etcdserver: user name not found'],
  RoleAlreadyExist: [GrpcCode.failedPrecondition, 'etcdserver: role name already exists'],
  RoleNotFound: [GrpcCode.failedPrecondition, 'etcdserver: role name not found'],
  RoleEmpty: [GrpcCode.invalidArgument, 'etcdserver: role name is empty'],
  AuthFailed: [
    GrpcCode.invalidArgument,
    'etcdserver: authentication failed, invalid user ID or password',
  ],
  PermissionNotGiven: [GrpcCode.invalidArgument, 'etcdserver: permission not given'],
  PermissionDenied: [GrpcCode.permissionDenied, 'etcdserver: permission denied'],
  RoleNotGranted: [GrpcCode.failedPrecondition, 'etcdserver: role is not granted to the user'],
  PermissionNotGranted: [
    GrpcCode.failedPrecondition,
    'etcdserver: permission is not granted to the role',
  ],
  AuthNotEnabled: [GrpcCode.failedPrecondition, 'etcdserver: authentication is not enabled'],
  InvalidAuthToken: [GrpcCode.unauthenticated, 'etcdserver: invalid auth token'],
  InvalidAuthMgmt: [GrpcCode.invalidArgument, 'etcdserver: invalid auth management'],
  AuthOldRevision: [GrpcCode.invalidArgument, 'etcdserver: revision of auth store is old'],
  NoLeader: [GrpcCode.unavailable, 'etcdserver: no leader'],
  NotLeader: [GrpcCode.failedPrecondition, 'etcdserver: not leader'],
  LeaderChanged: [GrpcCode.unavailable, 'etcdserver: leader changed'],
  NotCapable: [GrpcCode.failedPrecondition, 'etcdserver: not capable'],
  Stopped: [GrpcCode.unavailable, 'etcdserver: server stopped'],
  Timeout: [GrpcCode.unavailable, 'etcdserver: request timed out'],
  TimeoutDueToLeaderFail: [
    GrpcCode.unavailable,
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  TimeoutDueToConnectionLost: [
    GrpcCode.unavailable,
    'etcdserver: request timed out, possibly due to connection lost',
  ],
  TimeoutWaitAppliedIndex: [
    GrpcCode.unavailable,
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  Unhealthy: [GrpcCode.unavailable, 'etcdserver: unhealthy cluster'],
  Corrupt: [GrpcCode.dataLoss, 'etcdserver: corrupt cluster'],
  NotSupportedForLearner: [
    GrpcCode.failedPrecondition,
    'etcdserver: rpc not supported for learner',
  ],
  BadLeaderTransferee: [GrpcCode.failedPrecondition, 'etcdserver: bad leader transferee'],
  WrongDowngradeVersionFormat: [
    GrpcCode.invalidArgument,
    'etcdserver: wrong downgrade target version format',
  ],
  InvalidDowngradeTargetVersion: [
    GrpcCode.invalidArgument,
    'etcdserver: invalid downgrade target version',
  ],
  ClusterVersionUnavailable: [
    GrpcCode.failedPrecondition,
    'etcdserver: cluster version not found during downgrade',
  ],
  DowngradeInProcess: [
    GrpcCode.failedPrecondition,
    'etcdserver: cluster has a downgrade job in progress',
  ],
  NoInflightDowngrade: [GrpcCode.failedPrecondition, 'etcdserver: no inflight downgrade job'],
  Canceled: [GrpcCode.canceled, 'etcdserver: request canceled'],
  DeadlineExceeded: [GrpcCode.deadlineExceeded, 'etcdserver: context deadline exceeded'],
} as const satisfies Record<string, readonly [GrpcCode, string]>;

export type EtcdErrorName = keyof typeof ETCD_ERRORS;

/** Something a client gets as a gRPC status. */
export class RpcError extends Error {
  override readonly name: string = 'RpcError';
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An error of etcd's contract; rooms throw it by name, the code and text follow from the table. */
export class EtcdError extends RpcError {
  override readonly name = 'EtcdError';
  readonly error: EtcdErrorName;

  constructor(error: EtcdErrorName) {
    const [code, message] = ETCD_ERRORS[error];
    super(code, message);
    this.error = error;
  }
}

/** Whether `error` is this error of etcd's contract. */
export function isEtcdError(error: unknown, name: EtcdErrorName): boolean {
  return error instanceof EtcdError && error.error === name;
}

/** What can be said of anything thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
