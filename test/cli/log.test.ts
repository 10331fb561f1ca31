import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createLogger, formatTimestamp } from '../../src/cli/log.js';
import type { LoggingConfig } from '../../src/config/index.js';

/** Logs to a file, and reads it after the logger was closed. */
async function logged(
  t: TestContext,
  changes: Partial<LoggingConfig>,
  use: (logger: ReturnType<typeof createLogger>) => void,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'log');
  const config = { level: 'info', format: 'json', outputs: [file], rotation: undefined } as const;
  const logger = createLogger({ ...config, ...changes }, 'test/log');
  use(logger);
  await logger.close();
  return readFileSync(file, 'utf8');
}

test('a line is JSON: level, ts, caller, msg, then the fields', async (t) => {
  const text = await logged(t, {}, (logger) => {
    logger.info('hello', { number: 1, id: 2n ** 64n - 1n, list: ['a'], msgs: true });
  });
  assert.match(
    text,
    /^\{"level":"info","ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d{4})","caller":"test\/log","msg":"hello","number":1,"id":18446744073709551615,"list":\["a"\],"msgs":true\}\n$/,
  );
});

test('levels below the chosen one are left out, children name their room', async (t) => {
  const text = await logged(t, { level: 'warn' }, (logger) => {
    logger.info('quiet');
    logger.warn('loud');
    logger.child('mvcc/compaction').error('louder');
    logger.fatal('last');
  });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ level, caller, msg }) => [level, caller, msg]),
    [
      ['warn', 'test/log', 'loud'],
      ['error', 'mvcc/compaction', 'louder'],
      ['fatal', 'test/log', 'last'],
    ],
  );
});

test('many lines keep their order, and none is lost at the end', async (t) => {
  const text = await logged(t, {}, (logger) => {
    for (let index = 0; index < 5000; index++) logger.info('line', { index });
  });
  const indexes = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).index);
  assert.deepEqual(
    indexes,
    Array.from({ length: 5000 }, (_, index) => index),
  );
});

test('the console format has tabs between time, level, caller and message', async (t) => {
  const text = await logged(t, { format: 'console' }, (logger) => {
    logger.info('plain');
    logger.warn('with fields', { a: 1 });
  });
  const [first = '', second = ''] = text.split('\n');
  assert.match(first, /^\S+\tinfo\ttest\/log\tplain$/);
  assert.match(second, /^\S+\twarn\ttest\/log\twith fields\t\{"a":1\}$/);
});

test('time stamps have microseconds and the zone in Go’s layout', () => {
  const microseconds = Date.UTC(2026, 0, 2, 3, 4, 5, 123) * 1000 + 456;
  assert.equal(formatTimestamp(microseconds, 0), '2026-01-02T03:04:05.123456Z');
  assert.equal(formatTimestamp(microseconds, 90), '2026-01-02T04:34:05.123456+0130');
  assert.equal(formatTimestamp(microseconds, -300), '2026-01-01T22:04:05.123456-0500');
});
