/** Root folders that stand for the images which a Dockerfile begins with. */
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmFolder, packageMirror, run } from './host.js';

/** What the slim images of Debian leave out too, or nobody misses. */
const LEFT_OUT = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man'];

export class BaseImages {
  readonly #folder: string;

  /** Base systems are kept in `folder`, and used again if they are there. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * The root that an image name of the Docker library stands for: `debian:<suite>-slim` is a minimal
   * Debian; `node:<major>-<suite>-slim` has this machine's Node and npm on top.
   */
  root(image: string): string {
    const [, major, suite] = /^(?:debian|node:(\d+)):?-?([a-z]+)-slim$/.exec(image) ?? [];
    if (suite === undefined) throw new Error(`nothing here stands for the image ${image}`);
    return major === undefined ? this.#debian(suite) : this.#node(suite, major);
  }

  #debian(suite: string): string {
    return this.#once(`debian-${suite}`, (root) => {
      run('debootstrap', ['--variant=minbase', suite, root, packageMirror(suite)]);
      for (const path of LEFT_OUT) rmSync(join(root, path), { recursive: true, force: true });
      // What debootstrap has copied from this machine, and every container is given anew.
      for (const name of ['resolv.conf', 'hostname']) writeFileSync(join(root, 'etc', name), '');
    });
  }

  #node(suite: string, major: string): string {
    if (process.versions.node.split('.')[0] !== major) {
      throw new Error(`the image wants Node ${major}, this is ${process.version}`);
    }
    const base = this.#debian(suite);
    return this.#once(`node-${suite}-${process.version}`, (root) => {
      copyTree(base, root);
      const local = join(root, 'usr', 'local');
      copyFileSync(process.execPath, join(local, 'bin', 'node'));
      mkdirSync(join(local, 'lib', 'node_modules'), { recursive: true });
      copyTree(npmFolder(), join(local, 'lib', 'node_modules', 'npm'));
      symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin', 'npm'));
    });
  }

  /** A root that is made only if it is not there, and is there only once it is complete. */
  #once(name: string, make: (root: string) => void): string {
    const root = join(this.#folder, name);
    if (existsSync(root)) return root;
    const unfinished = `${root}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    make(unfinished);
    run('mv', [unfinished, root]);
    return root;
  }
}

/** Copies a folder with owners, modes, links and device files, to a path where nothing is. */
export function copyTree(from: string, to: string): void {
  run('cp', ['--archive', '--reflink=auto', '--no-target-directory', from, to]);
}
