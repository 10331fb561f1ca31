import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { CommandError, EXIT } from './exit.js';
import type { Session } from './session.js';

const METRIC = /^process_resident_memory_bytes\s+(\S+)/m;

/**
 * The memory that the server behind an endpoint takes, by its metrics.
 * @throws CommandError after telling why it is not known
 */
export async function residentBytes(
  endpoint: string,
  session: Session,
  moment: 'before' | 'after',
): Promise<number> {
  let complaint: string;
  try {
    const value = METRIC.exec(await fetchMetrics(endpoint, session))?.[1];
    if (value !== undefined) return Number(value);
    complaint = 'could not find: process_resident_memory_bytes';
  } catch (error) {
    complaint = `fetch error: ${error instanceof Error ? error.message : String(error)}`;
  }
  const metric = 'process_resident_memory_bytes';
  const failure = `FAIL: Could not read ${metric} ${moment} the put operations.`;
  session.terminal.write(`${complaint}\n${failure}\n`);
  throw new CommandError(EXIT.error, '');
}

function fetchMetrics(endpoint: string, { options }: Session): Promise<string> {
  const hasScheme = /^https?:\/\//.test(endpoint);
  const url = `${hasScheme ? endpoint : `http://${endpoint}`}/metrics`;
  const file = (name: string) => {
    const path = options.text(name);
    return path === '' ? {} : { [name === 'cacert' ? 'ca' : name]: readFileSync(path) };
  };
  const rejectUnauthorized = !options.boolean('insecure-skip-tls-verify');
  const tls = { ...file('cert'), ...file('key'), ...file('cacert'), rejectUnauthorized };
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? getSecure(url, tls) : getPlain(url);
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
  });
}
