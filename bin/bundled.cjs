/**
 * Loads a program that scripts/bundle-programs.mjs has put into one file, with what V8 had compiled of
 * it before: reading and compiling fifty modules takes longer than all that a short command does.
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const FOLDER = join(__dirname, '..', 'dist', 'programs');

/** The compiled script of a program: a function as Node makes them of CommonJS modules. */
exports.compile = (name) => {
  const filename = join(FOLDER, `${name}.cjs`);
  const source = readFileSync(filename, 'latin1');
  let cachedData;
  try {
    cachedData = readFileSync(`${filename}.cache`);
  } catch {
    // It is only slower without.
  }
  const wrapper = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  // V8 itself refuses what another version of it has compiled.
  return new Script(wrapper, { filename, cachedData });
};

/** What a compiled script exports. */
exports.evaluate = (script) => {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, __filename, __dirname);
  return module.exports;
};
