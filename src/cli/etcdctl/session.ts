import type { Connection, ConnectionOptions } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import type { OptionValues } from './options.js';
import { createPrinter, type Printer } from './output/printer.js';
import type { Result } from './output/result.js';

/** The process around the program, as far as commands touch it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Buffer>;
  write(bytes: Uint8Array | string): void;
  writeError(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a command works with: connections, output, and the global options. */
export class Session {
  readonly options: OptionValues;
  readonly terminal: Terminal;
  readonly #checkEnvironment: () => void;
  readonly #open = new Set<Connection>();
  #printer: Printer | undefined;

  /** `checkEnvironment` complains about variables; etcdctl does so only when it connects. */
  constructor(options: OptionValues, terminal: Terminal, checkEnvironment: () => void) {
    this.options = options;
    this.terminal = terminal;
    this.#checkEnvironment = checkEnvironment;
  }

  /** The deadline of short commands, in milliseconds. */
  get commandTimeoutMs(): number {
    return this.options.duration('command-timeout');
  }

  get endpoints(): string[] {
    const list = this.options.text('endpoints');
    return list.split(',').map((endpoint) => endpoint.trim());
  }

  get isSimple(): boolean {
    return this.options.text('write-out') === 'simple';
  }

  /** Checks all that etcdctl checks before it connects, without connecting. */
  prepare(): void {
    if (this.#printer !== undefined) return;
    this.#checkEnvironment();
    for (const name of ['cert', 'key', 'cacert']) {
      if (this.options.isGiven(name) && this.options.text(name) === '') {
        throw new CommandError(EXIT.badArguments, `empty string is passed to --${name} option`);
      }
    }
    this.#printer = createPrinter(this.options.text('write-out'), this.options.boolean('hex'));
  }

  /** A connection to one of `endpoints`, authenticated if a user or token was given. */
  async connect(endpoints = this.endpoints): Promise<Connection> {
    this.prepare();
    // Loaded here, so that errors in arguments and `version` are told without it.
    const { Connection } = await import('./connection.js');
    const connection = await Connection.open(this.#connectionOptions(endpoints));
    this.#open.add(connection);
    await this.#authenticate(connection);
    return connection;
  }

  print(result: Result): void {
    this.prepare();
    const output = this.#printer?.(result);
    if (output !== undefined && output.length > 0) this.terminal.write(output);
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }

  #connectionOptions(endpoints: readonly string[]): ConnectionOptions {
    const { options } = this;
    return {
      endpoints,
      dialTimeoutMs: options.duration('dial-timeout'),
      keepaliveTimeMs: options.duration('keepalive-time'),
      keepaliveTimeoutMs: options.duration('keepalive-timeout'),
      maxRequestBytes: options.integer('max-request-bytes'),
      maxReceiveBytes: options.integer('max-recv-bytes'),
      certFile: options.text('cert'),
      keyFile: options.text('key'),
      caFile: options.text('cacert'),
      insecureTransport: options.boolean('insecure-transport'),
      insecureSkipVerify: options.boolean('insecure-skip-tls-verify'),
    };
  }

  async #authenticate(connection: Connection): Promise<void> {
    const jwt = this.options.text('auth-jwt-token');
    if (jwt !== '') return connection.authenticate(jwt);
    const user = this.options.text('user');
    if (user === '') return;
    const { name, password } = splitUser(user, this.options.text('password'));
    const { AUTHENTICATE } = await import('./methods.js');
    try {
      const request = { name, password };
      const { token } = await connection.unary(AUTHENTICATE, request, this.commandTimeoutMs);
      connection.authenticate(token);
    } catch (error) {
      throw new CommandError(EXIT.badConnection, (error as Error).message);
    }
  }
}

function splitUser(user: string, password: string): { name: string; password: string } {
  if (password !== '') return { name: user, password };
  const colon = user.indexOf(':');
  if (colon < 0) {
    const advice = '--user name:password, or --password';
    throw new CommandError(EXIT.error, `no password given: use ${advice}`);
  }
  return { name: user.slice(0, colon), password: user.slice(colon + 1) };
}
