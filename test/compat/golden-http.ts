import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { testDataPath } from '../support/repository.js';

/** Which listener of the member a request goes to. */
export type Listener = 'client' | 'metrics' | 'peer';

interface RecordedRequest {
  method: string;
  path: string;
  port?: Listener;
  body?: string;
  headers?: Record<string, string>;
  /** A streaming answer: stop reading after so many lines. */
  stopAfterLines?: number;
  stopAfterMs?: number;
  /** Keep the token of this answer under that name. */
  saveToken?: string;
  /** Send the token of that name. */
  token?: string;
  /** The lines of the answer were sorted. */
  unordered?: boolean;
  bodyOmitted?: boolean;
  /** Only the keys of the JSON body were recorded. */
  keysOnly?: boolean;
}

export interface HttpEntry {
  n: number;
  request: RecordedRequest;
  response: {
    status?: number;
    contentType?: string | null;
    headers?: Record<string, string>;
    body?: string;
    keys?: string[];
    noAnswerWithinMs?: number;
  };
  /** What differs between fresh members, e.g. `body:/header`. */
  varying?: string[];
}

/** The recorded HTTP requests and answers of etcd 3.7.1. */
export function readHttpEntries(): HttpEntry[] {
  const text = readFileSync(testDataPath('golden', 'http-3.7.1.json'), 'utf8');
  return (JSON.parse(text) as { entries: HttpEntry[] }).entries;
}

/** `client:/health` and the like: where an entry goes, to be selected by prefix. */
export function target({ request }: HttpEntry): string {
  return `${request.port ?? 'client'}:${request.path}`;
}

/** Whether entries behind this one may depend on it. */
export function mayChangeState({ request }: HttpEntry): boolean {
  return request.method === 'POST' && /^\/v3\/(?!kv\/range)/.test(request.path);
}

/** What of an answer is compared. */
export interface HttpAnswer {
  status: number | undefined;
  contentType: string | undefined;
  headers: Record<string, string | undefined>;
  body: unknown;
}

/** What the recording says, in the form that `sendEntry` gives. */
export function expectedAnswer(entry: HttpEntry): HttpAnswer {
  const { status, contentType, headers, body, keys } = entry.response;
  const comparable = keys !== undefined ? [...keys].sort() : comparableBody(entry, body ?? '');
  return {
    status,
    contentType: contentType ?? undefined,
    headers: headers ?? {},
    body: comparable,
  };
}

/** Sends requests of the recording to one member. */
export class HttpReplay {
  private readonly ports: Readonly<Record<Listener, number>>;
  private readonly tokens = new Map<string, string>();

  constructor(ports: Readonly<Record<Listener, number>>) {
    this.ports = ports;
  }

  /** Sends one request and gives what of the answer is to be compared. */
  async send(entry: HttpEntry): Promise<HttpAnswer> {
    const answer = await this.exchange(entry.request);
    if (answer === undefined) {
      return { status: undefined, contentType: undefined, headers: {}, body: '' };
    }
    const { saveToken, keysOnly } = entry.request;
    if (saveToken !== undefined) {
      this.tokens.set(saveToken, (JSON.parse(answer.body) as { token: string }).token);
    }
    const recordedHeaders = Object.keys(entry.response.headers ?? {});
    const contentType = answer.headers['content-type'];
    return {
      status: answer.status,
      contentType,
      headers: Object.fromEntries(
        recordedHeaders.map((name) => [name, headerText(answer.headers[name])]),
      ),
      body:
        keysOnly === true
          ? Object.keys(JSON.parse(answer.body) as object).sort()
          : comparableBody(entry, answer.body),
    };
  }

  /** One request on a connection of its own; undefined when nothing comes in `stopAfterMs`. */
  private exchange(
    recorded: RecordedRequest,
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: string } | undefined> {
    const token = recorded.token === undefined ? undefined : this.tokens.get(recorded.token);
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: this.ports[recorded.port ?? 'client'],
        method: recorded.method,
        path: recorded.path,
        agent: false,
        headers: { ...recorded.headers, ...(token === undefined ? {} : { authorization: token }) },
      });
      if (recorded.stopAfterMs !== undefined) {
        request.setTimeout(recorded.stopAfterMs, () => {
          resolve(undefined);
          request.destroy();
        });
      }
      request.on('error', reject);
      request.on('response', (response) => {
        let body = '';
        const finish = (): void => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
          request.destroy();
        };
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
          const lines = body.split('\n');
          if (recorded.stopAfterLines === undefined || lines.length <= recorded.stopAfterLines)
            return;
          body = `${lines.slice(0, recorded.stopAfterLines).join('\n')}\n`;
          finish();
        });
        response.on('end', finish);
      });
      request.end(recorded.body);
    });
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function comparableBody(entry: HttpEntry, body: string): unknown {
  const { unordered, bodyOmitted } = entry.request;
  const varying = entry.varying ?? [];
  if (bodyOmitted === true || varying.includes('body')) return undefined;
  if (unordered === true) return body.split('\n').sort();
  // JSON comes with several content types, and sometimes with none.
  if (!body.startsWith('{')) return body;
  const lines = body.split('\n').filter((line) => line !== '');
  if (varying.some((text) => text.startsWith('body:order'))) lines.sort();
  return lines.map((line) => withoutVarying(parsed(line), varying));
}

/** JSON, or the text itself where an answer says JSON and is none. */
function parsed(line: string): unknown {
  try {
    return withoutDecoderText(JSON.parse(line) as unknown);
  } catch {
    return line;
  }
}

/** The words of the JSON decoder are a build's own. */
function withoutDecoderText(value: unknown): unknown {
  if (!isRecord(value) || typeof value.message !== 'string') return value;
  return { ...value, message: value.message.replace(/^proto:\s.*/, 'proto: …') };
}

function withoutVarying(value: unknown, varying: readonly string[]): unknown {
  for (const name of varying) {
    const pointer = /^body:(\/\S*)/.exec(name)?.[1];
    if (pointer !== undefined) removeAt(value, pointer.split('/').slice(1));
  }
  return value;
}

function removeAt(value: unknown, [head, ...rest]: string[]): void {
  if (head === undefined || !isRecord(value)) return;
  if (rest.length === 0) delete value[head];
  else removeAt(value[head], rest);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
