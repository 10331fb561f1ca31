// Puts etcdctl into one file, dist/programs/etcdctl.cjs, for bin/bundled.cjs to load, and beside it what
// V8 makes of it: the programs that people type should answer at once. A part of `npm run build`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const { compile, evaluate } = createRequire(import.meta.url)('../bin/bundled.cjs');

/** What is typed most; the functions that these run are compiled beforehand, the others when needed. */
const USUAL_COMMANDS = [
  ['version'],
  ['get', 'a'],
  ['get', '/', '--prefix', '-keys-only'],
  ['get', 'a', '-w', 'json'],
  ['put', 'a', 'b'],
  ['del', 'a'],
  ['member', 'list'],
  ['endpoint', 'health'],
  ['endpoint', 'status', '-w', 'table'],
];
/** gRPC's frame of an empty message. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/** A server that answers every call with an empty message, on a socket of the file system. */
async function startAnswering(path) {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(EMPTY_MESSAGE);
  });
  await new Promise((listening) => server.listen(path, listening));
  return server;
}

/** Runs the usual commands, and returns the code that V8 has compiled meanwhile. */
async function compiledCode(name) {
  const script = compile(name);
  const { runEtcdctl } = evaluate(script);
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-build-'));
  const socket = join(folder, 'socket');
  const server = await startAnswering(socket);
  const terminal = {
    stdin: [],
    write() {},
    writeError() {},
    environment: { ETCDCTL_ENDPOINTS: `unix:${socket}` },
    showsProgress: false,
    onInterrupt: () => () => {},
  };
  try {
    for (const command of USUAL_COMMANDS) await runEtcdctl(command, terminal);
    return script.createCachedData();
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const folder = join(root, 'dist', 'programs');
const outfile = join(folder, 'etcdctl.cjs');
mkdirSync(folder, { recursive: true });
// V8 tells the code of another text by its length alone: none may be left from before.
rmSync(`${outfile}.cache`, { force: true });
await build({
  entryPoints: [join(root, 'dist', 'src', 'cli', 'etcdctl.js')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // Bytes of ASCII, which need no decoding.
  charset: 'ascii',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});
writeFileSync(`${outfile}.cache`, await compiledCode('etcdctl'));
