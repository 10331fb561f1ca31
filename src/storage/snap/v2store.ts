/**
 * The membership as the JSON dump of etcd's old "v2 store" (formats.md §3.1), which members before
 * 3.7 read from a snapshot's data. Written in the form without watcher hub and statistics, which every
 * version reads.
 */

/** A member as the dump lists it. */
export interface V2Member {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Name and client URLs are left out as long as no client URL is known. */
  readonly name: string;
  readonly clientUrls: readonly string[];
}

export interface V2Membership {
  /** Exactly the current members: 3.5 removes whom it does not find here. */
  readonly members: readonly V2Member[];
  readonly removedIds: readonly bigint[];
  /** `3.6.0`; undefined as long as it is undecided. */
  readonly clusterVersion?: string | undefined;
}

/** A file (`children` undefined) or directory. */
interface Node {
  readonly path: string;
  readonly createdIndex: number;
  readonly value: string;
  readonly children: Map<string, Node> | undefined;
}

/** The dump as bytes of UTF-8. */
export function encodeV2Store(membership: V2Membership): Buffer {
  const root = directory('/', 0);
  const cluster = addDirectory(root, '0', 0);
  addDirectory(root, '1', 0);
  let index = 0;
  for (const member of [...membership.members].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    index++;
    const folder = addDirectory(addDirectory(cluster, 'members', index), hex(member.id), index);
    addFile(folder, 'raftAttributes', index, raftAttributes(member));
    if (member.clientUrls.length === 0) continue;
    index++;
    addFile(folder, 'attributes', index, attributes(member));
  }
  for (const id of membership.removedIds) {
    index++;
    addFile(addDirectory(cluster, 'removed_members', index), hex(id), index, '');
  }
  if (membership.clusterVersion !== undefined) {
    index++;
    addFile(cluster, 'version', index, membership.clusterVersion);
  }
  return Buffer.from(`{"Root":${encodeNode(root)},"CurrentIndex":${index},"CurrentVersion":2}`);
}

const hex = (id: bigint): string => id.toString(16);

function raftAttributes(member: V2Member): string {
  const learner = member.isLearner ? ',"isLearner":true' : '';
  return `{"peerURLs":${quoteAll(member.peerUrls)}${learner}}`;
}

function attributes(member: V2Member): string {
  const name = member.name === '' ? '' : `"name":${quote(member.name)},`;
  return `{${name}"clientURLs":${quoteAll(member.clientUrls)}}`;
}

function directory(path: string, createdIndex: number): Node {
  return { path, createdIndex, value: '', children: new Map() };
}

/** The child directory of that name, created if missing. */
function addDirectory(parent: Node, name: string, createdIndex: number): Node {
  const existing = parent.children?.get(name);
  if (existing !== undefined) return existing;
  const node = directory(childPath(parent, name), createdIndex);
  parent.children?.set(name, node);
  return node;
}

function addFile(parent: Node, name: string, createdIndex: number, value: string): void {
  const path = childPath(parent, name);
  parent.children?.set(name, { path, createdIndex, value, children: undefined });
}

function childPath(parent: Node, name: string): string {
  return parent.path === '/' ? `/${name}` : `${parent.path}/${name}`;
}

/** All six fields in etcd's order; children by name. */
function encodeNode(node: Node): string {
  const children =
    node.children === undefined
      ? 'null'
      : `{${[...node.children]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, child]) => `${quote(name)}:${encodeNode(child)}`)
          .join(',')}}`;
  return (
    `{"Path":${quote(node.path)},"CreatedIndex":${node.createdIndex},` +
    `"ModifiedIndex":${node.createdIndex},"ExpireTime":"0001-01-01T00:00:00Z",` +
    `"Value":${quote(node.value)},"Children":${children}}`
  );
}

/** A JSON string as Go writes it: also `<`, `>`, `&` and the two line separators are escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quoteAll(texts: readonly string[]): string {
  return `[${texts.map(quote).join(',')}]`;
}
