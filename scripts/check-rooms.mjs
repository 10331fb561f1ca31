// Checks the import rule of docs/architecture.md: a room (a folder of src/) imports only from the
// rooms listed for it here, which all lie below it; and no import cycle exists between files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOMS = {
  base: [],
  proto: ['base'],
  raft: ['base'],
  storage: ['base', 'proto'],
  mvcc: ['base', 'proto', 'storage'],
  lease: ['base', 'proto', 'storage'],
  auth: ['base', 'proto', 'storage'],
  membership: ['base', 'proto', 'storage'],
  peer: ['base', 'proto', 'raft'],
  server: ['base', 'proto', 'raft', 'storage', 'mvcc', 'lease', 'auth', 'membership', 'peer'],
  transport: ['base'],
  api: ['base', 'proto', 'mvcc', 'lease', 'auth', 'membership', 'server', 'transport'],
  http: ['base', 'proto', 'membership', 'server', 'api', 'transport'],
  config: ['base'],
  embed: [
    ...['base', 'proto', 'raft', 'storage', 'mvcc', 'lease', 'auth', 'membership'],
    ...['peer', 'server', 'transport', 'api', 'http', 'config'],
  ],
  cli: ['base', 'proto', 'config', 'embed', 'storage'],
};

const root = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..');
const source = join(root, 'src');
const problems = [];
const graph = new Map();

function* typescriptFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* typescriptFiles(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

const roomOf = (file) => relative(source, file).split('/')[0];
const IMPORT =
  /^\s*(?:import|export)\b[^;'"]*?from\s+['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/gm;

for (const file of typescriptFiles(source)) {
  const room = roomOf(file);
  const allowed = ROOMS[room];
  if (allowed === undefined) {
    problems.push(`${relative(root, file)}: the room ${room} is not listed`);
    continue;
  }
  const targets = new Set();
  for (const match of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const target = resolve(dirname(file), match[1] ?? match[2]).replace(/\.js$/, '.ts');
    if (!existsSync(target)) continue;
    targets.add(target);
    const targetRoom = roomOf(target);
    if (targetRoom !== room && !allowed.includes(targetRoom)) {
      problems.push(`${relative(root, file)}: ${room} may not import from ${targetRoom}`);
    }
  }
  graph.set(file, targets);
}

// Depth-first search; a file met again on the current path closes a cycle.
const state = new Map();
function visit(file, path) {
  if (state.get(file) === 'done') return;
  if (state.get(file) === 'open') {
    const cycle = [...path.slice(path.indexOf(file)), file].map((name) => relative(root, name));
    problems.push(`import cycle: ${cycle.join(' -> ')}`);
    return;
  }
  state.set(file, 'open');
  for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
  state.set(file, 'done');
}
for (const file of graph.keys()) visit(file, []);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`rooms: ${graph.size} files, imports only downward, no cycles`);
