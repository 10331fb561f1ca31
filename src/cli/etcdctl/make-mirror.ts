import type { RequestOp, WatchResponse } from '../../proto/generated/etcdserverpb.js';
import { RangeRequest_SortOrder } from '../../proto/generated/etcdserverpb.js';
import { Event_EventType } from '../../proto/generated/mvccpb.js';
import type { Init } from '../../proto/wire.js';
import type { Command, Invocation } from './command.js';
import type { Connection } from './connection.js';
import { CommandError, EXIT } from './exit.js';
import { PUT, RANGE, TXN } from './methods.js';
import { booleanOption, integerOption, textOption } from './options.js';
import { prefixEnd } from './ranges.js';
import type { Session } from './session.js';
import { tlsSettings } from './tls.js';
import { WatchStream } from './watch-stream.js';

/** Keys read at once. */
const PAGE_KEYS = 1000;
const REPORT_INTERVAL_MS = 30_000;
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted';

const badArguments = (message: string): CommandError =>
  new CommandError(EXIT.badArguments, message);

/** Copies keys and then their changes; keys keep their names but for the prefix. */
class Mirror {
  readonly #source: Connection;
  readonly #target: Connection;
  readonly #prefix: Buffer;
  readonly #targetPrefix: Buffer;
  readonly #maxTxnOps: number;
  /** Keys and changes copied so far. */
  total = 0;

  constructor(
    source: Connection,
    target: Connection,
    options: { readonly prefix: string; readonly targetPrefix: string; readonly maxTxnOps: number },
  ) {
    this.#source = source;
    this.#target = target;
    this.#prefix = Buffer.from(options.prefix);
    this.#targetPrefix = Buffer.from(options.targetPrefix);
    this.#maxTxnOps = options.maxTxnOps;
  }

  /** Copies what there is; tells the revision it was read at. */
  async copyAll(): Promise<number> {
    const isAll = this.#prefix.length === 0;
    const probe = { key: isAll ? Buffer.from('foo') : this.#prefix };
    const { header } = await this.#source.unary(RANGE, probe);
    const revision = header?.revision ?? 0;
    const rangeEnd = prefixEnd(this.#prefix);
    let key = isAll ? Buffer.from([0]) : this.#prefix;
    for (;;) {
      const sort = { sortOrder: RangeRequest_SortOrder.ASCEND };
      const request = { key, rangeEnd, revision, limit: PAGE_KEYS, ...sort };
      const { kvs, more } = await this.#source.unary(RANGE, request);
      for (const { key: name, value } of kvs) {
        await this.#target.unary(PUT, { key: this.#rename(name), value });
        this.total++;
      }
      const last = kvs.at(-1);
      if (!more || last === undefined) return revision;
      key = Buffer.concat([last.key, Buffer.from([0])]);
    }
  }

  /** Copies changes from a revision on, each revision as a whole, for ever. */
  async follow(startRevision: number): Promise<never> {
    const range =
      this.#prefix.length === 0
        ? { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) }
        : { key: this.#prefix, rangeEnd: prefixEnd(this.#prefix) };
    const stream = new WatchStream(this.#source);
    await new Promise<void>((resolve, reject) => {
      const listener = {
        onResponse: (response: WatchResponse) => this.#copyEvents(response).catch(reject),
      };
      stream.watch({ ...range, startRevision }, listener).then(resolve, reject);
    });
    throw new CommandError(EXIT.error, 'the watch was canceled');
  }

  async #copyEvents({ compactRevision, events }: WatchResponse): Promise<void> {
    if (compactRevision !== 0) throw new CommandError(EXIT.error, COMPACTED);
    let operations: Init<RequestOp>[] = [];
    let revision = 0;
    const commit = async (): Promise<void> => {
      if (operations.length > 0) await this.#target.unary(TXN, { success: operations });
      operations = [];
    };
    for (const { type, kv } of events) {
      if (kv === undefined) continue;
      if (kv.modRevision > revision || operations.length >= this.#maxTxnOps) await commit();
      revision = kv.modRevision;
      const key = this.#rename(kv.key);
      operations.push(
        type === Event_EventType.DELETE
          ? { requestDeleteRange: { key } }
          : { requestPut: { key, value: kv.value } },
      );
      this.total++;
    }
    await commit();
  }

  #rename(key: Buffer): Buffer {
    return Buffer.concat([this.#targetPrefix, key.subarray(this.#prefix.length)]);
  }
}

function targetPrefix({ options }: Invocation): string {
  const isRoot = options.boolean('no-dest-prefix');
  const given = options.text('dest-prefix');
  if (isRoot && given !== '') {
    const flags = '`--dest-prefix` and `--no-dest-prefix`';
    throw badArguments(`${flags} cannot be set at the same time, choose one`);
  }
  return isRoot ? '' : given || options.text('prefix');
}

async function runMakeMirror(session: Session, invocation: Invocation): Promise<void> {
  const { options } = invocation;
  const [destination] = invocation.arguments;
  if (destination === undefined || invocation.arguments.length > 1) {
    throw badArguments('make-mirror takes one destination argument');
  }
  const prefixes = { prefix: options.text('prefix'), targetPrefix: targetPrefix(invocation) };
  await session.prepare();
  const target = await session.connectTo({
    endpoints: [destination],
    tls: tlsSettings({
      certFile: options.text('dest-cert'),
      keyFile: options.text('dest-key'),
      caFile: options.text('dest-cacert'),
      insecureTransport: options.boolean('dest-insecure-transport'),
      insecureSkipVerify: false,
      serverName: '',
    }),
    user: options.text('dest-user'),
    password: options.text('dest-password'),
    prompt: 'Destination Password: ',
  });
  const source = await session.connect();
  const maxTxnOps = options.integer('max-txn-ops');
  const mirror = new Mirror(source, target, { ...prefixes, maxTxnOps });
  const report = (): void => session.terminal.write(`${mirror.total}\n`);
  setInterval(report, REPORT_INTERVAL_MS).unref();
  const given = options.integer('rev');
  // With a revision, what was there before is left as it is.
  await mirror.follow(given > 1 ? given : (await mirror.copyAll()) + 1);
}

export const makeMirror: Command = {
  usage: 'make-mirror [options] <destination>',
  summary: 'Copies keys to another cluster, and every change from then on',
  options: [
    textOption('prefix', '', 'keys to copy'),
    integerOption('rev', 'copy only changes, from this revision on'),
    {
      ...integerOption('max-txn-ops', 'most changes in one transaction'),
      kind: 'unsigned',
      defaultText: '128',
    },
    textOption('dest-prefix', '', 'what the prefix becomes'),
    booleanOption('no-dest-prefix', 'leave the prefix out'),
    textOption('dest-cert', '', 'client certificate file for the destination'),
    textOption('dest-key', '', 'client key file for the destination'),
    textOption('dest-cacert', '', 'file of authorities trusted for the destination'),
    {
      ...booleanOption('dest-insecure-transport', 'connect to the destination without TLS'),
      defaultText: 'true',
    },
    textOption('dest-user', '', 'user name, or name:password, at the destination'),
    textOption('dest-password', '', 'password at the destination'),
  ],
  run: runMakeMirror,
};
