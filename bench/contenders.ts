import {
  etcdVersion,
  findOnPath,
  type Program,
  programAt,
  serverUnderTest,
} from '../test/support/programs.js';

export type ContenderName = 'etcd' | 'kvorum';

/** One of the two servers that are compared. */
export interface Contender {
  readonly name: ContenderName;
  /** As the table's head calls it, e.g. `etcd 3.7.1`. */
  readonly title: string;
  readonly program: Program;
}

/** kvorum: this repository's bin/etcd, or KVORUM_SERVER. */
export function kvorumContender(): Contender {
  return { name: 'kvorum', title: 'kvorum', program: serverUnderTest() };
}

/** The real etcd: KVORUM_BENCH_ETCD, or `etcd` on PATH; undefined when there is none. */
export function etcdContender(): Contender | undefined {
  const path = process.env.KVORUM_BENCH_ETCD ?? findOnPath('etcd');
  if (path === undefined) return undefined;
  const program = programAt(path);
  return { name: 'etcd', title: `etcd ${etcdVersion(program)}`, program };
}
