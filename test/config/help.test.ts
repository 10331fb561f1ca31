import assert from 'node:assert/strict';
import test from 'node:test';
import { FLAG_NAMES, SECTIONS } from '../../src/config/flags.js';
import { describeFlags } from '../../src/config/index.js';

test('help lists every flag once, and says which have no effect yet', () => {
  const listed = SECTIONS.flatMap(([, names]) => names);
  assert.deepEqual([...listed].sort(), [...FLAG_NAMES].sort());
  const help = describeFlags();
  for (const name of FLAG_NAMES) assert.ok(help.includes(`  --${name} '`), name);
  assert.match(help, /--max-request-bytes '1572864'/);
  assert.match(help, /InitialCorruptCheck=true\|false \(ALPHA - default=false\)/);
  assert.match(help, /--memory-mlock 'false'\n.*\n +\(accepted, without effect yet\)/);
});
