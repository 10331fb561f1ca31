/** Runs an image as a container runtime does for a pod that may do nothing but write its data. */
import { readFileSync } from 'node:fs';
import type { Cleanup } from '../support/cleanup.js';
import { type CommandResult, RunningCommand, runCommand } from '../support/command.js';
import { IMAGE_PATH, type Image } from './build.js';

export interface ContainerOptions {
  readonly image: Image;
  readonly command: readonly string[];
  /** The user it runs as; nobody in the image's /etc/passwd needs to have this id. */
  readonly userId: number;
  /** Folders of the machine, by where they are in the container. */
  readonly mounts: readonly Mount[];
  /** An address that the network namespace has beside 127.0.0.1. */
  readonly address: string;
}

export interface Mount {
  readonly path: string;
  readonly folder: string;
  readonly isReadOnly: boolean;
}

/**
 * The namespaces' first process: it lays out what the container sees, then becomes its command, which
 * so is process 1. Arguments: the root, the address, then `source:target:mode` for each mount, then --
 * and the command.
 */
const SET_UP = `
set -e
root=$1; address=$2; shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  IFS=: read -r source target mode <<END
$1
END
  mkdir -p "$root$target"
  mount --bind "$source" "$root$target"
  mount -o "remount,bind,$mode" "$root$target"
  shift
done
shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,bind,ro "$root"
ip link set lo up
ip address add "$address/32" dev lo
exec chroot "$root" "$@"
`;

const NAMESPACES = ['--mount', '--net', '--pid', '--ipc', '--uts'];

export class Container {
  readonly #options: ContainerOptions;
  readonly #process: RunningCommand;

  /** Starts it; it is ended with `cleanup` at the latest. */
  constructor(cleanup: Cleanup, options: ContainerOptions) {
    this.#options = options;
    const { image, address, mounts, command } = options;
    this.#process = new RunningCommand('unshare', [
      ...[...NAMESPACES, '--fork', '--kill-child=KILL'],
      ...['/bin/sh', '-c', SET_UP, 'sh', image.root, address],
      ...mounts.map(
        ({ folder, path, isReadOnly }) => `${folder}:${path}:${isReadOnly ? 'ro' : 'rw'}`,
      ),
      ...['--', ...this.#withoutPrivileges(command)],
    ]);
    cleanup.after(() => this.kill());
  }

  /** Waits until the standard error of process 1 says something. */
  waitForError(text: string): Promise<void> {
    return this.#process.waitForError(text);
  }

  /** Runs a program beside process 1, as `kubectl exec` does. */
  execute(...command: string[]): Promise<CommandResult> {
    return this.#enter([...NAMESPACES, '--root', '--wd'], this.#withoutPrivileges(command));
  }

  /** Runs a program of the machine in the network of the container, as a kubelet's probe would. */
  fromHost(...command: string[]): Promise<CommandResult> {
    return this.#enter(['--net'], command);
  }

  /** What the kernel says of process 1, by the names of /proc/<pid>/status. */
  status(): ReadonlyMap<string, string> {
    const lines = readFileSync(`/proc/${this.#firstProcess()}/status`, 'utf8').split('\n');
    return new Map(
      lines.map((line) => {
        const [name = '', value = ''] = line.split(':\t');
        return [name, value];
      }),
    );
  }

  /** SIGTERM to process 1, as at the end of a pod; resolves when it has ended. */
  async stop(): Promise<CommandResult> {
    process.kill(this.#firstProcess(), 'SIGTERM');
    return this.#process.end();
  }

  async kill(): Promise<void> {
    this.#process.signal('SIGKILL');
    await this.#process.end();
  }

  #enter(namespaces: readonly string[], command: readonly string[]): Promise<CommandResult> {
    const target = ['--target', `${this.#firstProcess()}`];
    return runCommand('nsenter', [...target, ...namespaces, '--', ...command]);
  }

  #firstProcess(): number {
    const { pid } = this.#process;
    const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    if (first === '') throw new Error('the container has ended');
    return Number(first);
  }

  #withoutPrivileges(command: readonly string[]): string[] {
    const { image, userId } = this.#options;
    return [
      ...['/usr/bin/setpriv', `--reuid=${userId}`, `--regid=${userId}`, '--clear-groups'],
      ...['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs'],
      ...['/usr/bin/env', '-i', `--chdir=${image.workingFolder}`, `PATH=${IMAGE_PATH}`],
      ...command,
    ];
  }
}
