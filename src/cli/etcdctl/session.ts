import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { GLOBAL_OPTIONS, variableName } from './global-options.js';
import type { TlsSettings } from './grpc/channel.js';
import type { OptionValues } from './options.js';
import { createPrinter, type Printer } from './output/printer.js';
import type { Result } from './output/result.js';
import type { Terminal } from './terminal.js';

/** Whom to connect to, and as whom. */
export interface Destination {
  readonly endpoints: readonly string[];
  readonly tls: TlsSettings | undefined;
  readonly user: string;
  readonly password: string;
  /** What is asked when there is a user and no password. */
  readonly prompt: string;
}

/** Never shown, whoever asks for the settings in use. */
const SECRETS = ['password', 'auth-jwt-token', 'user'];

/** What a command works with: connections, output, and the global options. */
export class Session {
  readonly options: OptionValues;
  readonly terminal: Terminal;
  readonly #checkEnvironment: () => void;
  readonly #open = new Set<Connection>();
  #printer: Printer | undefined;
  #prepared: Promise<void> | undefined;
  #endpoints: Promise<string[]> | undefined;
  #password: Promise<string> | undefined;

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

  get isSimple(): boolean {
    return this.options.text('write-out') === 'simple';
  }

  /**
   * The endpoints of --endpoints, or those that --discovery-srv finds.
   * @throws CommandError
   */
  endpoints(): Promise<string[]> {
    this.#endpoints ??= this.#findEndpoints();
    return this.#endpoints;
  }

  async #findEndpoints(): Promise<string[]> {
    const { options } = this;
    const domain = options.text('discovery-srv');
    const given = options.text('endpoints').split(',');
    if (domain !== '') {
      const { discoverEndpoints } = await import('./discovery.js');
      const serviceName = options.text('discovery-srv-name');
      const insecure = options.boolean('insecure-discovery');
      const found = await discoverEndpoints({ domain, serviceName, insecure }, (line) =>
        this.terminal.writeError(line),
      );
      if (found.length > 0) return found;
    }
    return given.map((endpoint) => endpoint.trim());
  }

  /** Checks all that etcdctl checks before it connects, without connecting. */
  prepare(): Promise<void> {
    this.#prepared ??= this.#prepareOnce();
    return this.#prepared;
  }

  async #prepareOnce(): Promise<void> {
    this.#checkEnvironment();
    if (this.options.boolean('debug')) this.#showSettings();
    for (const name of ['cert', 'key', 'cacert']) {
      if (this.options.isGiven(name) && this.options.text(name) === '') {
        throw new CommandError(EXIT.badArguments, `empty string is passed to --${name} option`);
      }
    }
    const format = this.options.text('write-out');
    this.#printer = await createPrinter(format, this.options.boolean('hex'));
  }

  #showSettings(): void {
    for (const name of GLOBAL_OPTIONS.map((spec) => spec.name).sort()) {
      const value = this.options.text(name);
      const shown = SECRETS.includes(name) && value !== '' ? '<hidden>' : value;
      this.terminal.writeError(`${variableName(name)}=${shown}\n`);
    }
  }

  /** A connection to one of `endpoints`, authenticated if a user or token was given. */
  async connect(endpoints?: readonly string[]): Promise<Connection> {
    await this.prepare();
    const connection = await this.#dial(
      endpoints ?? (await this.endpoints()),
      await this.#tlsSettings(),
    );
    const jwt = this.options.text('auth-jwt-token');
    if (jwt !== '') connection.authenticate(jwt);
    else await this.#authenticate(connection, this.#ownUser());
    return connection;
  }

  /** A connection to another cluster than the one that the global options name. */
  async connectTo(destination: Destination): Promise<Connection> {
    const connection = await this.#dial(destination.endpoints, destination.tls);
    await this.#authenticate(connection, {
      ...destination,
      ask: () => this.#ask(destination.prompt),
    });
    return connection;
  }

  /** Shows a result; only after a connection was made, or {@link prepare}. */
  print(result: Result): void {
    const output = this.#printer?.(result);
    if (output !== undefined && output.length > 0) this.terminal.write(output);
  }

  /** Why servers could not be reached; empty if all could. */
  get connectionFailures(): string[] {
    return [...this.#open].flatMap(({ lastFailure }) => lastFailure ?? []);
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }

  async #dial(endpoints: readonly string[], tls: TlsSettings | undefined): Promise<Connection> {
    // Loaded here, so that errors in arguments and `version` are told without it.
    const { Connection } = await import('./connection.js');
    const { options } = this;
    const connection = await Connection.open({
      endpoints,
      tls,
      dialTimeoutMs: options.duration('dial-timeout'),
      keepaliveTimeMs: options.duration('keepalive-time'),
      keepaliveTimeoutMs: options.duration('keepalive-timeout'),
      maxRequestBytes: options.integer('max-request-bytes'),
      maxReceiveBytes: options.integer('max-recv-bytes'),
    });
    this.#open.add(connection);
    return connection;
  }

  async #tlsSettings(): Promise<TlsSettings | undefined> {
    const { options } = this;
    const isPlain =
      options.boolean('insecure-transport') && !options.boolean('insecure-skip-tls-verify');
    const files = ['cert', 'key', 'cacert'].some((name) => options.text(name) !== '');
    const serverName = options.boolean('insecure-discovery') ? '' : options.text('discovery-srv');
    if (isPlain && !files && serverName === '') return undefined;
    const { tlsSettings } = await import('./tls.js');
    return tlsSettings({
      certFile: options.text('cert'),
      keyFile: options.text('key'),
      caFile: options.text('cacert'),
      insecureTransport: options.boolean('insecure-transport'),
      insecureSkipVerify: options.boolean('insecure-skip-tls-verify'),
      serverName,
    });
  }

  #ownUser(): User {
    return {
      user: this.options.text('user'),
      password: this.options.text('password'),
      // Commands that connect several times ask once.
      ask: () => {
        this.#password ??= this.#ask('Password: ');
        return this.#password;
      },
    };
  }

  async #ask(prompt: string): Promise<string> {
    const { askPassword } = await import('./passwords.js');
    return askPassword(this.terminal, prompt);
  }

  async #authenticate(connection: Connection, given: User): Promise<void> {
    if (given.user === '') return;
    const colon = given.password === '' ? given.user.indexOf(':') : -1;
    const name = colon < 0 ? given.user : given.user.slice(0, colon);
    let { password } = given;
    if (password === '') password = colon < 0 ? await given.ask() : given.user.slice(colon + 1);
    if (password === '') return;
    const { AUTHENTICATE } = await import('./auth-methods.js');
    const timeoutMs = this.options.duration('dial-timeout') || Number.POSITIVE_INFINITY;
    try {
      const request = { name, password };
      const { token } = await connection.unary(AUTHENTICATE, request, timeoutMs);
      connection.authenticate(token);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Servers without authentication need no token.
      if (message === 'etcdserver: authentication is not enabled') return;
      throw new CommandError(EXIT.badConnection, message);
    }
  }
}

interface User {
  readonly user: string;
  readonly password: string;
  ask(): Promise<string>;
}
