import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createLogger } from '../../src/cli/log.js';
import { RotatingFile } from '../../src/cli/rotating-file.js';
import { type Config, type LogRotation, loadConfig, StartError } from '../../src/config/index.js';
import { temporaryFolder } from '../support/folders.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.parse('2026-01-02T03:04:05.678Z');
const BASE: LogRotation = {
  maxSizeBytes: 10,
  maxAgeDays: 0,
  maxBackups: 0,
  usesLocalTime: false,
  compress: false,
};

/** A rotating file whose stream writes at once, and a clock that is set by hand. */
function rotating(context: TestContext, changes: Partial<LogRotation>, name = 'etcd.log') {
  const folder = temporaryFolder(context);
  const path = join(folder, name);
  const time = { unixMs: START_MS };
  const stream = {
    write: (line: string) => appendFileSync(path, line),
    reopen: () => writeFileSync(path, '', { flag: 'a' }),
  };
  const dependencies = { stream, unixMs: () => time.unixMs };
  const open = () => new RotatingFile({ ...BASE, ...changes, path }, dependencies);
  const files = () => readdirSync(folder).sort();
  const read = (file: string) => readFileSync(join(folder, file));
  return { folder, path, time, open, files, read };
}

test('a file that would get too large is put aside under a name with the time', (context) => {
  const { open, files, read } = rotating(context, {});
  const file = open();
  file.write('12345\n');
  file.write('abc\n');
  assert.deepEqual(files(), ['etcd.log']);
  file.write('more\n');
  assert.deepEqual(files(), ['etcd-2026-01-02T03-04-05.678.log', 'etcd.log']);
  assert.equal(read('etcd-2026-01-02T03-04-05.678.log').toString(), '12345\nabc\n');
  assert.equal(read('etcd.log').toString(), 'more\n');
});

test('what a file holds from before counts', (context) => {
  const { path, open, files } = rotating(context, {});
  writeFileSync(path, '123456789\n');
  open().write('x\n');
  assert.equal(files().length, 2);
});

test('a line above the size has a file of its own', (context) => {
  const { open, files, read } = rotating(context, {});
  open().write('a line that is too long\n');
  assert.deepEqual(files(), ['etcd.log']);
  assert.equal(read('etcd.log').toString(), 'a line that is too long\n');
});

test('only so many backups are kept, the newest, and other files are left alone', async (context) => {
  const { folder, time, open, files } = rotating(context, { maxBackups: 2 });
  for (const other of ['etcd-notes.log', 'other-2026-01-02T03-04-05.678.log']) {
    writeFileSync(join(folder, other), 'kept');
  }
  const file = open();
  for (let count = 0; count < 5; count++) {
    time.unixMs = START_MS + count * 1000;
    file.write('123456789\n');
  }
  await file.settled();
  assert.deepEqual(files(), [
    'etcd-2026-01-02T03-04-08.678.log',
    'etcd-2026-01-02T03-04-09.678.log',
    'etcd-notes.log',
    'etcd.log',
    'other-2026-01-02T03-04-05.678.log',
  ]);
});

test('backups beyond their age are removed', async (context) => {
  const { time, open, files } = rotating(context, { maxAgeDays: 3 });
  const file = open();
  for (const days of [0, 1, 2, 5]) {
    time.unixMs = START_MS + days * DAY_MS;
    file.write('123456789\n');
  }
  await file.settled();
  assert.deepEqual(files(), [
    'etcd-2026-01-04T03-04-05.678.log',
    'etcd-2026-01-07T03-04-05.678.log',
    'etcd.log',
  ]);
});

test('backups are compressed, and count as before', async (context) => {
  const { time, open, files, read } = rotating(context, { compress: true, maxBackups: 1 }, 'log');
  const file = open();
  for (let count = 0; count < 3; count++) {
    time.unixMs = START_MS + count;
    file.write(`line ${count}678\n`);
    await file.settled();
  }
  assert.deepEqual(files(), ['log', 'log-2026-01-02T03-04-05.680.gz']);
  const packed = read('log-2026-01-02T03-04-05.680.gz');
  assert.equal(gunzipSync(packed).toString(), 'line 1678\n');
});

test('the daemon’s log goes on over rotations without losing a line', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'etcd.log');
  const rotation = { ...BASE, maxSizeBytes: 20_000 };
  const config = { level: 'info', format: 'json', outputs: [path], rotation } as const;
  const logger = createLogger(config, 'test/log');
  for (let index = 0; index < 2000; index++) {
    logger.info('line', { index });
    if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await logger.close();
  const names = readdirSync(folder).sort();
  assert.ok(names.length > 2, names.join());
  const lines = names.flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').trim().split('\n').filter(Boolean),
  );
  const indexes = lines.map((line) => (JSON.parse(line) as { index: number }).index);
  assert.deepEqual(
    indexes.sort((a, b) => a - b),
    Array.from({ length: 2000 }, (_, index) => index),
  );
});

async function rotationOf(...flags: string[]): Promise<Config['logging']['rotation']> {
  const outcome = await loadConfig(['--enable-log-rotation', ...flags], {});
  assert.ok(outcome.action === 'start');
  return outcome.config.logging.rotation;
}

test('the flags of rotation', async () => {
  const file = '--log-outputs=/tmp/etcd.log';
  const given = '{"maxsize": 7, "MaxAge": 3, "maxbackups": 2, "localtime": true, "compress": true}';
  assert.deepEqual(await rotationOf(file, `--log-rotation-config-json=${given}`), {
    ...{ maxSizeBytes: 7 * 1024 * 1024, maxAgeDays: 3, maxBackups: 2 },
    ...{ usesLocalTime: true, compress: true },
  });
  assert.equal((await rotationOf(file))?.maxSizeBytes, 100 * 1024 * 1024);
  const refused: [flags: string[], reason: RegExp][] = [
    [['--log-outputs=stderr'], /^--log-outputs requires a single file path when/],
    [['--log-outputs=/a,/b'], /^--log-outputs requires a single file path when/],
    [[file, '--log-rotation-config-json={'], /^improperly formatted log rotation config: /],
    [
      [file, '--log-rotation-config-json={"maxsize": true}'],
      /^invalid log rotation config: json: /,
    ],
    [[file, '--log-rotation-config-json={"compress": 1}'], /^invalid log rotation config: json: /],
  ];
  for (const [flags, reason] of refused) {
    await assert.rejects(rotationOf(...flags), (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, reason);
      return true;
    });
  }
  assert.ok(!existsSync('/tmp/etcd.log'), 'nothing is opened before the start');
});
