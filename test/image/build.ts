/** Builds an image as its Dockerfile says, with folders for images and chroot for containers. */
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { type BaseImages, copyTree } from './base-images.js';
import { type Copy, type Instruction, parseDockerfile, type Stage } from './dockerfile.js';
import { type NetworkSettings, run } from './host.js';
import { parseIgnoreFile } from './ignore-file.js';

export interface BuildOptions {
  /** The folder with the Dockerfile, the .dockerignore, and what is to be built. */
  readonly context: string;
  /** Where the stages grow. */
  readonly workFolder: string;
  readonly network: NetworkSettings;
}

export interface BuildDependencies {
  readonly baseImages: BaseImages;
  readonly report: (line: string) => void;
}

/** What a build has made. */
export interface Image {
  readonly root: string;
  readonly baseRoot: string;
  readonly command: readonly string[];
  readonly workingFolder: string;
}

/** The search path that Docker's images have. */
export const IMAGE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function buildImage(options: BuildOptions, dependencies: BuildDependencies): Image {
  const { context, workFolder } = options;
  const isIgnored = parseIgnoreFile(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const stages = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const built = new Map<string, string>();
  let image: Image | undefined;
  for (const [index, stage] of stages.entries()) {
    const root = join(workFolder, `stage-${index}`);
    image = new StageBuild(stage, root, options, { ...dependencies, isIgnored, built }).build();
    built.set(stage.name ?? `${index}`, root);
  }
  if (image === undefined) throw new Error('the Dockerfile has no stage');
  return image;
}

interface StageDependencies extends BuildDependencies {
  readonly isIgnored: (path: string) => boolean;
  readonly built: ReadonlyMap<string, string>;
}

class StageBuild {
  readonly #stage: Stage;
  readonly #root: string;
  readonly #options: BuildOptions;
  readonly #dependencies: StageDependencies;
  #workingFolder = '/';
  #command: readonly string[] = [];

  constructor(stage: Stage, root: string, options: BuildOptions, dependencies: StageDependencies) {
    this.#stage = stage;
    this.#root = root;
    this.#options = options;
    this.#dependencies = dependencies;
  }

  build(): Image {
    const { base, instructions } = this.#stage;
    const baseRoot = this.#dependencies.built.get(base) ?? this.#dependencies.baseImages.root(base);
    this.#dependencies.report(`FROM ${base}`);
    copyTree(baseRoot, this.#root);
    for (const instruction of instructions) this.#carryOut(instruction);
    const command = this.#command;
    return { root: this.#root, baseRoot, command, workingFolder: this.#workingFolder };
  }

  #carryOut(instruction: Instruction): void {
    switch (instruction.kind) {
      case 'run':
        this.#dependencies.report(`RUN ${instruction.script.replace(/\s+/g, ' ')}`);
        this.#run(instruction.script);
        return;
      case 'copy':
        this.#copy(instruction);
        return;
      case 'workdir':
        this.#workingFolder = this.#absolute(instruction.path);
        mkdirSync(join(this.#root, this.#workingFolder), { recursive: true });
        return;
      case 'command':
        this.#command = instruction.words;
        return;
      case 'note':
        return;
    }
  }

  /** In a mount namespace of its own, so that nothing of the machine stays behind in the root. */
  #run(script: string): void {
    const { variables, authoritiesFile } = this.#options.network;
    const environment = { PATH: IMAGE_PATH, HOME: '/root', ...variables };
    const trusted = '/run/build-authorities.crt';
    const trust = { NODE_EXTRA_CA_CERTS: trusted, npm_config_cafile: trusted };
    const setUp = `
      set -e
      mount -t proc proc "$1/proc"
      mount -t tmpfs tmpfs "$1/run"
      mount --bind /etc/resolv.conf "$1/etc/resolv.conf"
      if [ -n "$2" ]; then cp "$2" "$1${trusted}"; fi
      root=$1; shift 2
      exec chroot "$root" "$@"`;
    const all = { ...environment, ...(authoritiesFile === undefined ? {} : trust) };
    run('unshare', [
      ...['--mount', '--pid', '--fork', '--kill-child'],
      ...['/bin/sh', '-c', setUp, 'sh', this.#root, authoritiesFile ?? ''],
      ...['/usr/bin/env', '-i', ...Object.entries(all).map(([name, value]) => `${name}=${value}`)],
      ...['/bin/sh', '-c', `cd ${this.#workingFolder} && ${script}`],
    ]);
  }

  /** A folder's content goes into the target; several sources need a target that ends with a slash. */
  #copy({ from, sources, target }: Copy): void {
    const fromRoot = from === undefined ? undefined : this.#dependencies.built.get(from);
    if (from !== undefined && fromRoot === undefined) throw new Error(`there is no stage ${from}`);
    const isFolder = target.endsWith('/') || sources.length > 1;
    const place = join(this.#root, this.#absolute(target));
    for (const source of sources) {
      const path = join(fromRoot ?? this.#options.context, source);
      const into = isFolder && !statSync(path).isDirectory() ? join(place, basename(path)) : place;
      if (fromRoot === undefined) this.#copyFromContext(path, into);
      else cpSync(path, into, { recursive: true, verbatimSymlinks: true });
    }
  }

  #copyFromContext(path: string, into: string): void {
    const { context } = this.#options;
    const name = relative(context, path);
    if (this.#dependencies.isIgnored(name)) {
      throw new Error(`${name} is to be copied, but .dockerignore keeps it out`);
    }
    cpSync(path, into, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (each) => !this.#dependencies.isIgnored(relative(context, each)),
    });
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : join(this.#workingFolder, path, '/');
  }
}

/** How large a root is: as files, and as a registry would send it. */
export function sizeOf(root: string): { readonly files: number; readonly compressed: number } {
  const files = run('du', ['--summarize', '--apparent-size', '--block-size=1', root]);
  const pack = 'tar --create --one-file-system --directory "$1" . | gzip -6 | wc --bytes';
  const compressed = run('/bin/sh', ['-c', pack, 'sh', root]);
  return { files: Number.parseInt(files, 10), compressed: Number.parseInt(compressed, 10) };
}

/** The names in a folder of an image. */
export const list = (root: string, folder: string): string[] => readdirSync(join(root, folder));
