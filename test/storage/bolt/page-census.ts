import assert from 'node:assert/strict';

const PAGE_BYTES = 4096;
const META = 4;
const LEAF = 2;
const BRANCH = 1;
const FREELIST = 16;

/**
 * A plain second reader of the format: walks a file of ours recursively and holds it to what bbolt's
 * own check demands (formats.md §5.1). Every page is reached exactly once, is of the right kind, and
 * keys are in order within and between pages. Returns how deep the deepest tree is.
 */
export function checkPages(file: Buffer): number {
  const uint64 = (offset: number): number => Number(file.readBigUInt64LE(offset));
  assert.equal(file.length % PAGE_BYTES, 0);
  const owners: string[] = [];
  let deepest = 0;

  const claim = (page: number, kind: number, owner: string): number => {
    const offset = page * PAGE_BYTES;
    assert.equal(uint64(offset), page);
    assert.equal(file.readUInt16LE(offset + 8), kind);
    const overflow = file.readUInt32LE(offset + 12);
    for (let covered = page; covered <= page + overflow; covered++) {
      assert.equal(owners[covered], undefined, `page ${covered} of ${owner}`);
      owners[covered] = owner;
    }
    return offset;
  };

  const walk = (page: number, owner: string, depth: number, isRoot: boolean): Buffer[] => {
    deepest = Math.max(deepest, depth);
    const kind = file.readUInt16LE(page * PAGE_BYTES + 8);
    const offset = claim(page, kind, owner);
    const count = file.readUInt16LE(offset + 10);
    const keys: Buffer[] = [];
    for (let element = offset + 16; element < offset + 16 + count * 16; element += 16) {
      const at = (field: number): number => file.readUInt32LE(element + 4 * field);
      if (kind === BRANCH) {
        const key = file.subarray(element + at(0), element + at(0) + at(1));
        const below = walk(uint64(element + 8), owner, depth + 1, isRoot);
        assert.deepEqual(below[0], key);
        keys.push(...below);
        continue;
      }
      assert.equal(kind, LEAF);
      assert.equal(at(0), isRoot ? 1 : 0);
      const start = element + at(1);
      const key = file.subarray(start, start + at(2));
      assert.ok(start + at(2) + at(3) <= file.length);
      keys.push(key);
      if (isRoot) inOrder(walk(uint64(start + at(2)), key.toString(), 1, false));
    }
    return keys;
  };

  claim(0, META, 'meta');
  claim(1, META, 'meta');
  const pageCount = uint64(16 + 40);
  assert.equal(pageCount * PAGE_BYTES, file.length);
  assert.deepEqual(
    file.subarray(16, 16 + 48),
    file.subarray(PAGE_BYTES + 16, PAGE_BYTES + 16 + 48),
  );
  assert.equal(uint64(16 + 48), uint64(PAGE_BYTES + 16 + 48) + 1, 'the first meta page is newer');
  const freelist = claim(uint64(16 + 32), FREELIST, 'freelist');
  assert.equal(file.readUInt16LE(freelist + 10), 0);
  inOrder(walk(uint64(16 + 16), 'root', 1, true));
  for (let page = 0; page < pageCount; page++) assert.ok(owners[page], `page ${page} is lost`);
  return deepest;
}

function inOrder(keys: readonly Buffer[]): void {
  for (const [position, key] of keys.entries()) {
    assert.ok(key.length > 0);
    assert.ok(position === 0 || key.compare(keys[position - 1] ?? key) > 0);
  }
}
