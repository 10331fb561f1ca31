/** The etcd release whose contracts this server keeps; clients and test suites compare it as semver. */
export const SERVER_VERSION = '3.7.1';

/** Major and minor part: the version of the gRPC API and of a fresh cluster. */
export const API_VERSION = '3.7';

/** What `--version` and the start-up line show as the revision of the sources. */
export const GIT_SHA = 'kvorum';
