import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { runCommand } from '../support/command.js';
import { EtcdClient } from '../support/etcd-client.js';
import { type Member, startMember } from '../support/member.js';
import { requireProgram } from '../support/programs.js';
import { testDataPath } from '../support/repository.js';
import { FAMILIES_WITHOUT_MEANING } from './metrics-without-meaning.js';

interface RecordedFamily {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly string[];
}

interface Recording {
  readonly families: readonly RecordedFamily[];
  readonly constantSamples: readonly string[];
}

const recording = JSON.parse(
  readFileSync(testDataPath('golden', 'metrics-3.7.1.json'), 'utf8'),
) as Recording;

/** `name{labels}` of each sample with its value, and the type of each family. */
interface Metrics {
  readonly text: string;
  readonly types: ReadonlyMap<string, string>;
  readonly samples: ReadonlyMap<string, number>;
}

async function scrape(member: Member): Promise<Metrics> {
  const response = await fetch(`${member.clientUrl}/metrics`);
  assert.equal(response.status, 200);
  const text = await response.text();
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    const sample = /^([^#\s]\S*(?:\{.*\})?) (\S+)$/.exec(line);
    if (type !== null) types.set(type[1] as string, type[2] as string);
    else if (sample !== null) samples.set(sample[1] as string, Number(sample[2]));
  }
  return { text, types, samples };
}

/** A member with a client that has put, read and deleted a key. */
async function usedMember(
  context: TestContext,
  flags: readonly string[] = [],
): Promise<{ member: Member; client: EtcdClient }> {
  const member = await startMember(context, { flags });
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  for (const value of ['1', '2', '3']) await client.put('key', value);
  await client.get('key');
  await client.delete('key');
  return { member, client };
}

test('the families of etcd 3.7.1 are there, with their types, labels and buckets', async (context) => {
  const { member } = await usedMember(context);
  const { types, samples } = await scrape(member);
  for (const { name, type, labels, buckets } of recording.families) {
    if (FAMILIES_WITHOUT_MEANING.has(name)) {
      assert.ok(!types.has(name), `${name} is excused, but there`);
      continue;
    }
    assert.equal(types.get(name), type, name);
    const keys = [...samples.keys()].filter((key) => sampleName(key) === name);
    for (const key of keys) assert.deepEqual(labelNames(key), labels, key);
    if (buckets === undefined) continue;
    const bounds = [...samples.keys()]
      .filter((key) => sampleName(key) === `${name}_bucket`)
      .map((key) => /le="([^"]*)"/.exec(key)?.[1]);
    assert.deepEqual([...new Set(bounds)], [...buckets], name);
  }
});

function sampleName(key: string): string {
  return key.replace(/\{.*/, '');
}

function labelNames(key: string): string[] {
  return [...key.matchAll(/[{,](\w+)="/g)].map((found) => found[1] as string).sort();
}

test('what is constant in a fresh member is as in etcd', async (context) => {
  const { samples } = await scrape(await startMember(context));
  for (const line of recording.constantSamples) {
    const [, key = '', value] = /^(.*) (\S+)$/.exec(line) ?? [];
    assert.equal(samples.get(key), Number(value), key);
  }
});

test('writes, reads and calls are counted', async (context) => {
  const { member } = await usedMember(context);
  const { samples } = await scrape(member);
  assert.equal(samples.get('etcd_mvcc_put_total'), 3);
  assert.equal(samples.get('etcd_mvcc_delete_total'), 1);
  assert.equal(samples.get('etcd_mvcc_range_total'), 1);
  assert.equal(samples.get('etcd_debugging_mvcc_keys_total'), 0);
  assert.equal(samples.get('etcd_debugging_mvcc_current_revision'), 5);
  assert.equal(samples.get('etcd_debugging_mvcc_total_put_size_in_bytes'), 12);
  const put = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
  assert.equal(samples.get(`grpc_server_started_total{${put}}`), 3);
  assert.equal(samples.get(`grpc_server_handled_total{grpc_code="OK",${put}}`), 3);
  assert.equal(samples.get(`grpc_server_handled_total{grpc_code="Unavailable",${put}}`), 0);
  const applied = 'etcd_server_apply_duration_seconds_count';
  assert.equal(samples.get(`${applied}{version="v3",op="Put",success="true"}`), 3);
  assert.ok((samples.get('etcd_disk_wal_fsync_duration_seconds_count') ?? 0) >= 4);
  assert.equal(samples.get('etcd_server_has_leader'), 1);
  assert.equal(samples.get('etcd_server_leader_changes_seen_total'), 1);
  assert.equal(
    samples.get('etcd_server_proposals_committed_total'),
    samples.get('etcd_server_proposals_applied_total'),
  );
});

test('latencies of all methods are kept with --metrics=extensive, and only then', async (context) => {
  const family = 'grpc_server_handling_seconds';
  const put = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
  const extensive = await usedMember(context, ['--metrics=extensive']);
  const measured = await scrape(extensive.member);
  assert.equal(measured.types.get(family), 'histogram');
  assert.equal(measured.samples.get(`${family}_count{${put}}`), 3);
  const basic = await startMember(context);
  assert.ok(!(await scrape(basic)).types.has(family));
});

test('promtool finds no fault that is not etcd’s own', async (context) => {
  const promtool = requireProgram(context, 'promtool');
  if (promtool === undefined) return;
  const { member } = await usedMember(context);
  const { text } = await scrape(member);
  const { stderr, stdout } = await runCommand(promtool, ['check', 'metrics'], { stdin: text });
  // Names that etcd chose: promtool dislikes gauges called total, and milliseconds.
  const faults = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !/^(etcd|go|os|process|nodejs)_\S+ /.test(line));
  assert.deepEqual(faults, []);
  assert.ok(!/error while linting/.test(stderr));
});
