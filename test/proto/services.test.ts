import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadSync } from '@grpc/proto-loader';
import {
  Auth,
  Cluster,
  KV,
  Lease,
  Maintenance,
  Watch,
} from '../../src/proto/generated/etcdserverpb.js';
import { Health } from '../../src/proto/generated/grpc_health_v1.js';
import { Election } from '../../src/proto/generated/v3electionpb.js';
import { Lock } from '../../src/proto/generated/v3lockpb.js';
import { repositoryRoot } from '../support/repository.js';

const protoFolder = join(repositoryRoot, 'proto');
const FILES = [
  'etcdserverpb/rpc.proto',
  'v3lockpb/v3lock.proto',
  'v3electionpb/v3election.proto',
  'grpc/health/v1/health.proto',
];

describe('the generated services', () => {
  const loaded = loadSync(FILES, { includeDirs: [protoFolder], keepCase: true });

  for (const service of [KV, Watch, Lease, Cluster, Maintenance, Auth, Lock, Election, Health]) {
    it(`${service.name} is what proto-loader makes of the same files`, () => {
      const definition = loaded[service.name];
      assert.ok(definition !== undefined && !('format' in definition));
      const expected = Object.values(definition).map((method) => ({
        path: method.path,
        clientStream: method.requestStream,
        serverStream: method.responseStream,
      }));
      const actual = Object.values(service.methods).map(({ path, clientStream, serverStream }) => ({
        path,
        clientStream,
        serverStream,
      }));
      assert.deepEqual(actual, expected);
    });
  }
});
