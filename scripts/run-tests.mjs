// Runs every compiled *.test.js below dist/test (or below the folders given) with node's test runner.
// Node 20's own directory search would also run the helper modules, hence this list. A run of everything
// is followed by the compat tests over the reference carrier.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

function* testFiles(path) {
  if (statSync(path).isFile()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) {
    const child = join(path, name);
    if (statSync(child).isDirectory()) yield* testFiles(child);
    else if (name.endsWith('.test.js')) yield child;
  }
}

const roots = process.argv.slice(2);
const files = (roots.length > 0 ? roots : ['dist/test']).flatMap((root) => [...testFiles(root)]);
if (files.length === 0) {
  console.error('no test files found: run npm run build first');
  process.exit(1);
}
/** What talks to a whole server from outside, and must not be able to tell its two carriers apart. */
const COMPAT_TESTS = [
  'apiserver-trace',
  'bad-input',
  'clients',
  'differential/differential',
  'etcd3-client',
  'etcdctl',
  'golden-http',
  'shutdown',
].map((name) => join('dist', 'test', 'compat', `${name}.test.js`));

/** Runs files; the exit status. */
function run(files, environment = {}) {
  const { status } = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files],
    { stdio: 'inherit', env: { ...process.env, ...environment } },
  );
  return status ?? 1;
}

let status = run(files);
if (roots.length === 0 && process.env.KVORUM_TEST_TRANSPORT === undefined) {
  console.log('\nAnd again over the reference carrier (KVORUM_TEST_TRANSPORT=grpc-js):');
  status = run(COMPAT_TESTS, { KVORUM_TEST_TRANSPORT: 'grpc-js' }) || status;
}
process.exit(status);
