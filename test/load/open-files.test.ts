/** Connections without end: the files of the process are kept for those who are served, and for its data. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Maintenance } from '../../src/proto/generated/etcdserverpb.js';
import { runCommand } from '../support/command.js';
import { EtcdClient } from '../support/etcd-client.js';
import { temporaryFolder } from '../support/folders.js';
import { type Member, startMember } from '../support/member.js';
import { freePorts } from '../support/ports.js';
import { requireProgram, serverUnderTest } from '../support/programs.js';
import { eventually, openFiles } from './support/process-memory.js';

const PRLIMIT = 'prlimit';
const MAX_FILES = 400;
/** What etcd keeps for itself of the files that a process may open. */
const RESERVED_FILES = 150;

/** A member that may open so many files. */
async function startLimited(context: TestContext, prlimit: string, metricsPort: number) {
  const { command, leadingArguments, label } = serverUnderTest();
  const limit = `--nofile=${MAX_FILES}:${MAX_FILES}`;
  const program = {
    command: prlimit,
    leadingArguments: [limit, command, ...leadingArguments],
    label,
  };
  const flags = [`--listen-metrics-urls=http://127.0.0.1:${metricsPort}`];
  const member = await startMember(context, { program, flags });
  const client = new EtcdClient(member.clientAddress);
  context.after(() => client.close());
  await client.put('a', 'before');
  return { member, client };
}

/** Opens connections that say nothing; resolves when the system has made all of them. */
async function openMany(context: TestContext, port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

async function closeAll(member: Member, sockets: readonly Socket[], filesBefore: number) {
  for (const socket of sockets) socket.destroy();
  await eventually('open files', () => {
    const answer = openFiles(member);
    return { holds: answer <= filesBefore + 5, answer };
  });
}

test('connections leave files for the data, for probes and for other members', async (context) => {
  const prlimit = requireProgram(context, PRLIMIT);
  if (prlimit === undefined) return;
  const [metricsPort = 0] = await freePorts(1);
  const { member, client } = await startLimited(context, prlimit, metricsPort);
  const filesBefore = openFiles(member);
  const sockets = [
    ...(await openMany(context, member.clientPort, MAX_FILES)),
    ...(await openMany(context, member.peerPort, MAX_FILES)),
  ];
  await eventually('refused connections', () => {
    const answer = sockets.filter(({ closed }) => closed).length;
    return { holds: answer > MAX_FILES, answer };
  });
  const held = openFiles(member) - filesBefore;
  assert.ok(held > 100 && held < MAX_FILES - RESERVED_FILES, `${held} connections`);
  assert.match(member.output, /"rejected connection: too many are open"/);
  assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status, 200);
  await client.put('a', 'meanwhile');
  // Writes the tables of the database anew.
  await client.call(Maintenance.methods.defragment, {});
  await closeAll(member, sockets, filesBefore);
  assert.equal((await client.get('a'))?.value.toString(), 'meanwhile');
});

test('without a file left for a connection the others are served on', async (context) => {
  const prlimit = requireProgram(context, PRLIMIT);
  if (prlimit === undefined) return;
  const [metricsPort = 0] = await freePorts(1);
  const { member, client } = await startLimited(context, prlimit, metricsPort);
  const filesBefore = openFiles(member);
  const limitFiles = async (count: number): Promise<void> => {
    const args = [`--pid=${member.pid}`, `--nofile=${count}:${MAX_FILES}`];
    assert.equal((await runCommand(prlimit, args)).exitCode, 0);
  };
  await limitFiles(filesBefore + 10);
  const sockets = await openMany(context, member.clientPort, 100);
  await eventually('refused connections', () => {
    const answer = sockets.filter(({ closed }) => closed).length;
    return { holds: answer > 50, answer };
  });
  for (let round = 0; round < 20; round++) await client.put('a', `round ${round}`);
  await limitFiles(MAX_FILES);
  await closeAll(member, sockets, filesBefore);
  const newcomer = new EtcdClient(member.clientAddress);
  context.after(() => newcomer.close());
  assert.equal((await newcomer.get('a'))?.value.toString(), 'round 19');
});

test('a limit that leaves nothing for connections is told at the start', async (context) => {
  const prlimit = requireProgram(context, PRLIMIT);
  if (prlimit === undefined) return;
  const { command, leadingArguments } = serverUnderTest();
  const folder = join(temporaryFolder(context), 'data');
  const args = [...leadingArguments, `--data-dir=${folder}`];
  const { exitCode, stderr } = await runCommand(prlimit, ['--nofile=150:150', command, ...args]);
  assert.equal(exitCode, 1);
  const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  assert.equal(last.level, 'fatal');
  assert.equal(last.msg, 'file descriptor limit of etcd process is too low; please set higher');
  assert.deepEqual([last.limit, last['recommended-limit']], [150, 150]);
});
