import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { runCommand } from '../support/command.js';
import { startMember } from '../support/member.js';
import { requireProgram } from '../support/programs.js';
import { repositoryRoot } from '../support/repository.js';

const folder = join(repositoryRoot, 'deploy', 'prometheus');
const file = (name: string): string => join(folder, name);

interface Rules {
  readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[];
}

test('promtool takes the alert rules and the configuration, and the rules’ own tests pass', async (context) => {
  const promtool = requireProgram(context, 'promtool');
  if (promtool === undefined) return;
  for (const args of [
    ['check', 'rules', file('alerts.yml')],
    ['check', 'config', file('prometheus.yml')],
    ['test', 'rules', file('alerts.test.yml')],
  ]) {
    const { exitCode, stdout, stderr } = await runCommand(promtool, args);
    assert.equal(exitCode, 0, `${args.join(' ')}\n${stdout}${stderr}`);
  }
});

test('every series that a rule looks at is served', async (context) => {
  const member = await startMember(context, { flags: ['--metrics=extensive'] });
  const text = await (await fetch(`${member.clientUrl}/metrics`)).text();
  const families = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map((found) => found[1]));
  const { groups } = parse(readFileSync(file('alerts.yml'), 'utf8')) as Rules;
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 10);
  for (const { alert, expr } of rules) {
    for (const [name] of expr.matchAll(/\b(?:etcd|grpc)_\w+(?=\{)/g)) {
      assert.ok(families.has(name.replace(/_bucket$/, '')), `${alert}: ${name}`);
    }
  }
});
