import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../support/repository.js';
import { parseDockerfile } from './dockerfile.js';
import { parseIgnoreFile } from './ignore-file.js';

test('a Dockerfile is read into stages', () => {
  const text = `
# a comment
FROM node:20 AS build
WORKDIR /here
COPY a b ./
RUN one && \\
    # a comment in between
    two
FROM debian
COPY --from=build /here/x /there/
EXPOSE 1 2
CMD ["/bin/etcd", "-x"]
`;
  assert.deepEqual(parseDockerfile(text), [
    {
      base: 'node:20',
      name: 'build',
      instructions: [
        { kind: 'workdir', path: '/here' },
        { kind: 'copy', from: undefined, sources: ['a', 'b'], target: './' },
        { kind: 'run', script: 'one &&  two' },
      ],
    },
    {
      base: 'debian',
      name: undefined,
      instructions: [
        { kind: 'copy', from: 'build', sources: ['/here/x'], target: '/there/' },
        { kind: 'note' },
        { kind: 'command', words: ['/bin/etcd', '-x'] },
      ],
    },
  ]);
});

test('what is not known is refused', () => {
  for (const line of ['ENV a=b', 'RUN ["a"]', 'COPY --chown=1 a b', 'COPY a', 'CMD etcd']) {
    assert.throws(() => parseDockerfile(`FROM x\n${line}\n`), line);
  }
  assert.throws(() => parseDockerfile('RUN a\n'), /before the first FROM/);
  assert.throws(() => parseDockerfile('FROM x\nRUN a \\\n'), /goes on behind the end/);
});

test('an ignore file keeps paths out of the context', () => {
  const isIgnored = parseIgnoreFile('*\n!src\n!*.json\nsrc/*.txt\n# no\n');
  const kept = ['src', 'src/a/b.ts', 'package.json'];
  const ignored = ['.git/config', 'dist', 'src/a.txt', 'sub/package.json'];
  assert.deepEqual(kept.filter(isIgnored), []);
  assert.deepEqual(ignored.filter(isIgnored), ignored);
  assert.ok(parseIgnoreFile('**/x')('a/b/x'));
});

test('our own image: no ENTRYPOINT, and the context has nothing but what is built', () => {
  const stages = parseDockerfile(readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8'));
  const command = { kind: 'command', words: ['/usr/local/bin/etcd'] };
  assert.deepEqual(stages.at(-1)?.instructions.at(-1), command);
  const isIgnored = parseIgnoreFile(readFileSync(join(repositoryRoot, '.dockerignore'), 'utf8'));
  for (const path of [
    '.git',
    '.npmrc',
    'node_modules/level/index.js',
    'dist/src',
    'default.etcd',
  ]) {
    assert.ok(isIgnored(path), path);
  }
  for (const path of ['bin/etcd', 'src/cli/etcd.ts', 'package-lock.json', 'tsconfig.json']) {
    assert.ok(!isIgnored(path), path);
  }
});
