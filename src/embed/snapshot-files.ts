/** Backups without a running member, for programs that embed kvorum and for `etcdutl`. */
export * from '../server/restore/index.js';
