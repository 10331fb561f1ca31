import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/folders.js';
import { startMember } from '../support/member.js';

test('under systemd the journal learns how important each line is', async (context) => {
  const member = await startMember(context, {
    flags: ['--log-outputs=systemd/journal'],
    environment: { JOURNAL_STREAM: '8:12345' },
  });
  await member.stop();
  const lines = member.output.split('\n').filter((line) => line !== '');
  for (const line of lines) assert.match(line, /^<[2-7]>\{"level":"/);
  assert.ok(lines.some((line) => line.startsWith('<6>{"level":"info"')));
  assert.ok(lines.some((line) => line.startsWith('<4>{"level":"warn"')));
});

test('elsewhere the journal’s lines go to standard error as they are', async (context) => {
  const member = await startMember(context, { flags: ['--log-outputs=systemd/journal'] });
  await member.stop();
  assert.match(member.output, /^\{"level":"/);
});

test('several outputs get the same lines', async (context) => {
  const file = join(temporaryFolder(context), 'etcd.log');
  const member = await startMember(context, { flags: [`--log-outputs=stderr,${file}`] });
  await member.stop();
  assert.equal(readFileSync(file, 'utf8').trim(), member.output.trim());
});

test('the journal is an output for itself', async (context) => {
  const flags = ['--log-outputs=systemd/journal,stderr'];
  await assert.rejects(
    startMember(context, { flags }),
    /running with systemd\/journal but other '--log-outputs' values/,
  );
});

test('an output that cannot be opened ends the start with the reason', async (context) => {
  const file = join(temporaryFolder(context), 'no', 'such', 'folder', 'log');
  await assert.rejects(startMember(context, { flags: [`--log-outputs=${file}`] }), (error: Error) =>
    error.message.includes(`open ${file}: no such file or directory`),
  );
});
