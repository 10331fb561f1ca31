import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatId } from '../membership/index.js';
import type { KvorumServer } from '../server/index.js';
import { refuseOtherMethods } from './answers.js';
import { processFigures } from './metrics/process-figures.js';

/** `GET /debug/vars`: what Go programs publish of themselves, as far as this process has the like. */
export function handleDebugVars(
  server: KvorumServer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (refuseOtherMethods(request, response)) return;
  const { heapTotal, heapUsed, rss, external } = process.memoryUsage();
  const variables = {
    cmdline: process.argv,
    file_descriptor_limit: processFigures().maxFileDescriptors ?? 0,
    memstats: {
      Alloc: heapUsed,
      Sys: rss,
      HeapAlloc: heapUsed,
      HeapSys: heapTotal,
      HeapInuse: heapUsed,
      HeapIdle: heapTotal - heapUsed,
      OtherSys: external,
    },
    'raft.status': raftStatus(server),
  };
  const lines = Object.entries(variables).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  // In pieces, so that the answer comes in chunks, as etcd's.
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
  response.write('{\n');
  response.write(lines.join(',\n'));
  response.end('\n}\n');
}

function raftStatus(server: KvorumServer) {
  return {
    id: formatId(server.memberId),
    term: server.term,
    commit: server.committedIndex,
    lead: formatId(server.leaderId),
    raftState: roleOf(server),
    applied: server.appliedIndex,
  };
}

function roleOf(server: KvorumServer): string {
  if (server.isLeader) return 'StateLeader';
  return server.leaderId === 0n ? 'StateCandidate' : 'StateFollower';
}
