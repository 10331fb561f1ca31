import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRepositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json above the test support files');
    folder = parent;
  }
  return folder;
}

/** The folder with package.json, wherever the compiled tests lie below it. */
export const repositoryRoot = findRepositoryRoot();

/** The path of a file below test/data, which the compiler does not copy. */
export function testDataPath(...parts: string[]): string {
  return join(repositoryRoot, 'test', 'data', ...parts);
}
