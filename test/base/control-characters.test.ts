import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasControlCharacter } from '../../src/base/control-characters.js';
import { parseMemberUrls } from '../../src/membership/member-urls.js';

test('control characters are those of ASCII, wherever they stand', () => {
  for (let code = 0; code < 0x250; code++) {
    const isControl = code < 32 || code === 127;
    assert.equal(hasControlCharacter(`a${String.fromCharCode(code)}b`), isControl, `${code}`);
  }
  assert.ok(!hasControlCharacter(''));
  assert.ok(hasControlCharacter('\0'));
  assert.ok(hasControlCharacter('at the end\x7f'));
});

test('a peer URL with a control character is refused', () => {
  assert.deepEqual(parseMemberUrls(['http://a:1']), ['http://a:1']);
  assert.throws(() => parseMemberUrls(['http://a\x01:1']));
  assert.throws(() => parseMemberUrls(['unix://a:1/\x7f']));
});
