import type { Cleanup } from '../support/cleanup.js';
import {
  type CommandOptions,
  type CommandResult,
  RunningCommand,
  runCommand,
} from '../support/command.js';
import type { Member } from '../support/member.js';

/** One line of a transcript: a command and what it gave. */
export interface TranscriptEntry {
  command: string;
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

/** Runs etcdctl against one member and keeps what it printed, with chosen ids and sizes replaced. */
export class EtcdctlTranscript {
  readonly lines: TranscriptEntry[] = [];
  private readonly etcdctl: string;
  private readonly member: Member;
  private readonly cleanup: Cleanup;
  /** Replacements in outputs, longest first; lease ids are added as they are granted. */
  private readonly names = new Map<string, string>();

  /** Commands that a failing scenario leaves behind are killed when `cleanup` runs. */
  constructor(etcdctl: string, member: Member, cleanup: Cleanup) {
    this.etcdctl = etcdctl;
    this.cleanup = cleanup;
    this.member = member;
    this.names.set(member.clientUrl, '<CLIENT URL>');
    this.names.set(member.clientAddress, '<CLIENT>');
    this.names.set(member.peerUrl, '<PEER URL>');
  }

  /** Runs a command to its end; options may stand behind the arguments. */
  async run(...parts: (string | CommandOptions)[]): Promise<void> {
    const args = parts.filter((part) => typeof part === 'string');
    const options = parts.find((part) => typeof part !== 'string') ?? {};
    const result = await runCommand(this.etcdctl, args, {
      ...options,
      environment: this.environment,
    });
    this.record(args.join(' '), result);
  }

  /** Grants a lease and gives its id, which outputs call `<LEASE n>` from here on. */
  async grantLease(seconds: number): Promise<string> {
    const { stdout } = await this.plain('lease', 'grant', String(seconds));
    const id = /lease ([0-9a-f]+) granted with TTL\(\d+s\)/.exec(stdout)?.[1];
    if (id === undefined) throw new Error(`lease grant printed ${stdout}`);
    const name = `<LEASE ${this.names.size}>`;
    this.names.set(id, name);
    this.names.set(BigInt(`0x${id}`).toString(), name);
    return id;
  }

  /** The revision of the store. */
  async currentRevision(): Promise<number> {
    const { stdout } = await this.plain('get', 'x', '-w', 'json');
    return (JSON.parse(stdout) as { header: { revision: number } }).header.revision;
  }

  /** Starts a command that runs until it is told to stop. */
  start(...args: string[]): RunningCommand {
    const running = new RunningCommand(this.etcdctl, args, this.environment);
    this.cleanup.after(() => running.signal('SIGKILL'));
    return running;
  }

  /** Interrupts a watch and records its output, or the lines of it that `keep` wants. */
  async stopWatch(
    watch: RunningCommand,
    keep: (line: string) => boolean = () => true,
  ): Promise<void> {
    watch.signal('SIGINT');
    const { stdout } = await watch.end();
    this.recordOutput('watch', stdout.split('\n').filter(keep).join('\n'));
  }

  /** Ends an interactive watch by ending its input. */
  async endWatch(watch: RunningCommand): Promise<void> {
    watch.write('', true);
    watch.signal('SIGINT');
    const { stdout } = await watch.end();
    this.recordOutput('watch -i', stdout);
  }

  private get environment(): Record<string, string> {
    return { ETCDCTL_ENDPOINTS: this.member.clientAddress, ETCDCTL_API: '3' };
  }

  private plain(...args: string[]): Promise<CommandResult> {
    return runCommand(this.etcdctl, args, { environment: this.environment });
  }

  private record(command: string, result: CommandResult): void {
    this.lines.push({
      command: this.named(command),
      stdout: this.named(withoutVarying(command, result.stdout)),
      stderr: this.named(withoutClientLog(result.stderr)),
      exitCode: result.exitCode,
    });
  }

  private recordOutput(command: string, stdout: string): void {
    this.lines.push({ command, stdout: this.named(stdout), stderr: '', exitCode: 0 });
  }

  private named(text: string): string {
    const names = [...this.names].sort(([a], [b]) => b.length - a.length);
    return names.reduce((rest, [value, name]) => rest.replaceAll(value, name), text);
  }
}

/** The client writes retries and connection states to its log, with time stamps. */
function withoutClientLog(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !line.startsWith('{"level":'))
    .join('\n')
    .replaceAll(/(took = )[0-9.µm]+s/g, '$1<TIME>')
    .replaceAll(/[0-9.]+(µs|ms|s)\b/g, '<TIME>');
}

/** Ids, terms, versions, sizes and times that each server has its own of. */
function withoutVarying(command: string, stdout: string): string {
  const text = stdout
    .replaceAll(/"(cluster_id|member_id|raft_term|ID)":\d+/g, '"$1":<N>')
    .replaceAll(/"(ClusterID|MemberID|RaftTerm|ID)" : [0-9a-f]+/g, '"$1" : <N>')
    .replaceAll(/took = [0-9.µm]+s/g, 'took = <TIME>')
    .replaceAll(/remaining\((\d+)s\)/g, (_, seconds) => `remaining(${roundedUp(Number(seconds))}s)`)
    // A lease's keys come in any order: etcd keeps them in a Go map.
    .replaceAll(/attached keys\(\[([^\]]*)\]\)/g, (_, keys) => `attached keys([${sorted(keys)}])`);
  if (command.includes('protobuf')) return Buffer.from(stdout, 'latin1').length > 0 ? 'bytes' : '';
  if (command.startsWith('endpoint status')) return statusShape(text);
  if (command.startsWith('member list')) return memberShape(text);
  return text;
}

const sorted = (words: string): string => words.split(' ').sort().join(' ');

/** A member's id has up to 16 digits, and a table is as wide as that. */
function memberShape(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{10,16}\b/g, '<ID>')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{2,}/g, '--');
}

/** The remaining time may be a second or two short. */
function roundedUp(seconds: number): number {
  return Math.ceil(seconds / 10) * 10;
}

/** The status line without id, version, size, term and indexes. */
function statusShape(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{10,16}\b/g, '<ID>')
    .replaceAll(/\b3\.\d+\.\d+\b/g, '<VERSION>')
    .replaceAll(/\b\d+(\.\d+)? [kM]?B\b/g, '<SIZE>')
    .replaceAll(/\b\d+\b/g, '<N>')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{2,}/g, '--');
}
