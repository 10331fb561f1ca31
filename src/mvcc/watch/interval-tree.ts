/**
 * A dynamic interval tree: an AVL tree of intervals `[start, end)` ordered by start and end, where each
 * node knows the largest end below it. Finding the intervals around a key takes O(log n + found).
 */
interface IntervalNode<T> {
  readonly start: string;
  /** Exclusive; undefined = no end. */
  readonly end: string | undefined;
  readonly values: Set<T>;
  maxEnd: string | undefined;
  height: number;
  left: IntervalNode<T> | undefined;
  right: IntervalNode<T> | undefined;
}

type Link<T> = IntervalNode<T> | undefined;

export class IntervalTree<T> {
  private root: Link<T> = undefined;

  get isEmpty(): boolean {
    return this.root === undefined;
  }

  add(start: string, end: string | undefined, value: T): void {
    this.root = addBelow(this.root, start, end, value);
  }

  /** Removes a value that was added with the same interval; harmless if it was not. */
  remove(start: string, end: string | undefined, value: T): void {
    this.root = removeBelow(this.root, start, end, value);
  }

  /** Appends the values of all intervals that contain `key`, by start, end and order of adding. */
  collect(key: string, found: T[]): void {
    collectBelow(this.root, key, found);
  }

  /** The height, for the test of balance. */
  get height(): number {
    return heightOf(this.root);
  }
}

function collectBelow<T>(node: Link<T>, key: string, found: T[]): void {
  if (node === undefined || !endsAfter(node.maxEnd, key)) return;
  collectBelow(node.left, key, found);
  if (node.start > key) return;
  if (endsAfter(node.end, key)) for (const value of node.values) found.push(value);
  collectBelow(node.right, key, found);
}

const endsAfter = (end: string | undefined, key: string): boolean => end === undefined || key < end;

function compare<T>(start: string, end: string | undefined, node: IntervalNode<T>): number {
  if (start !== node.start) return start < node.start ? -1 : 1;
  if (end === node.end) return 0;
  if (end === undefined) return 1;
  return node.end === undefined || end < node.end ? -1 : 1;
}

function addBelow<T>(
  node: Link<T>,
  start: string,
  end: string | undefined,
  value: T,
): IntervalNode<T> {
  if (node === undefined) {
    const values = new Set([value]);
    return { start, end, values, maxEnd: end, height: 1, left: undefined, right: undefined };
  }
  const order = compare(start, end, node);
  if (order < 0) node.left = addBelow(node.left, start, end, value);
  else if (order > 0) node.right = addBelow(node.right, start, end, value);
  else {
    node.values.add(value);
    return node;
  }
  return balanced(node);
}

function removeBelow<T>(node: Link<T>, start: string, end: string | undefined, value: T): Link<T> {
  if (node === undefined) return undefined;
  const order = compare(start, end, node);
  if (order < 0) node.left = removeBelow(node.left, start, end, value);
  else if (order > 0) node.right = removeBelow(node.right, start, end, value);
  else {
    node.values.delete(value);
    return node.values.size > 0 ? node : joined(node.left, node.right);
  }
  return balanced(node);
}

/** One tree of two neighbours whose common parent is gone. */
function joined<T>(left: Link<T>, right: Link<T>): Link<T> {
  if (left === undefined) return right;
  if (right === undefined) return left;
  const { first, rest } = withoutFirst(right);
  first.left = left;
  first.right = rest;
  return balanced(first);
}

function withoutFirst<T>(node: IntervalNode<T>): { first: IntervalNode<T>; rest: Link<T> } {
  if (node.left === undefined) return { first: node, rest: node.right };
  const { first, rest } = withoutFirst(node.left);
  node.left = rest;
  return { first, rest: balanced(node) };
}

const heightOf = <T>(node: Link<T>): number => (node === undefined ? 0 : node.height);

/** Brings height and largest end up to date. */
function refresh<T>(node: IntervalNode<T>): void {
  const { left, right } = node;
  node.height = 1 + Math.max(heightOf(left), heightOf(right));
  let maxEnd = node.end;
  if (left !== undefined) maxEnd = laterEnd(maxEnd, left.maxEnd);
  if (right !== undefined) maxEnd = laterEnd(maxEnd, right.maxEnd);
  node.maxEnd = maxEnd;
}

function laterEnd(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}

function balanced<T>(node: IntervalNode<T>): IntervalNode<T> {
  const { left, right } = node;
  const tilt = heightOf(left) - heightOf(right);
  if (tilt > 1 && left !== undefined) {
    if (heightOf(left.left) < heightOf(left.right)) node.left = rotatedLeft(left);
    return rotatedRight(node);
  }
  if (tilt < -1 && right !== undefined) {
    if (heightOf(right.right) < heightOf(right.left)) node.right = rotatedRight(right);
    return rotatedLeft(node);
  }
  refresh(node);
  return node;
}

function rotatedRight<T>(node: IntervalNode<T>): IntervalNode<T> {
  const top = node.left;
  if (top === undefined) return node;
  node.left = top.right;
  top.right = node;
  refresh(node);
  refresh(top);
  return top;
}

function rotatedLeft<T>(node: IntervalNode<T>): IntervalNode<T> {
  const top = node.right;
  if (top === undefined) return node;
  node.right = top.left;
  top.left = node;
  refresh(node);
  refresh(top);
  return top;
}
