import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberOptions, startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import {
  expectedAnswer,
  HttpReplay,
  mayChangeState,
  readHttpEntries,
  target,
} from './golden-http.js';

/** Everything but the JSON gateway. */
const DEFAULT_SELECTED = [
  ...['health', 'livez', 'readyz', 'version', 'metrics', 'debug', 'unknown', 'v2', 'members'],
  'config',
]
  .map((path) => `client:/${path}`)
  .concat('metrics:', 'peer:')
  .join();

/**
 * What is served so far, by prefixes of `listener:path`. `KVORUM_GOLDEN_HTTP` takes another list,
 * separated by commas; `client:,metrics:,peer:` means everything.
 */
const SELECTED = (process.env.KVORUM_GOLDEN_HTTP ?? DEFAULT_SELECTED).split(',');

/**
 * The recorded member had fixed ports, and its ids come from them. This one advertises the same but
 * listens elsewhere.
 */
function recordedMember(metricsPort: number): MemberOptions {
  return {
    name: 'm1',
    flags: [
      '--advertise-client-urls=http://127.0.0.1:21179',
      '--initial-advertise-peer-urls=http://127.0.0.1:21180',
      '--initial-cluster=m1=http://127.0.0.1:21180',
      '--initial-cluster-token=golden',
      `--listen-metrics-urls=http://127.0.0.1:${metricsPort}`,
      '--bcrypt-cost=4',
    ],
  };
}

test(`HTTP answers as recorded from etcd 3.7.1 (${SELECTED.join(', ')})`, async (context) => {
  const [metricsPort = 0] = await freePorts(1);
  const member = await startMember(context, recordedMember(metricsPort));
  const replay = new HttpReplay({
    client: member.clientPort,
    metrics: metricsPort,
    peer: member.peerPort,
  });
  for (const entry of readHttpEntries()) {
    if (SELECTED.some((prefix) => target(entry).startsWith(prefix))) {
      const { method, path } = entry.request;
      await context.test(`${entry.n}: ${method} ${path}`, async () => {
        assert.deepEqual(await replay.send(entry), expectedAnswer(entry));
      });
    } else if (mayChangeState(entry)) {
      context.diagnostic(`entries behind ${entry.n} may depend on it, which is not selected`);
      break;
    }
  }
});
