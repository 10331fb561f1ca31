import { type Draw, EXTREMES } from './draw.js';
import { drawDeleteRequest, drawPutRequest } from './generate-kv.js';
import type { Step } from './program.js';
import type { Plain, PlainValue } from './schema.js';

/** Maintenance: alarms, hashes, status, defragmentation, leader moves, downgrades that are refused. */
export function drawMaintenanceSteps(draw: Draw): Step[] {
  switch (draw.weighted({ alarm: 8, hash: 6, status: 2, defragment: 1, move: 1, downgrade: 2 })) {
    case 'alarm':
      return drawAlarmSteps(draw);
    case 'hash':
      return [call('HashKV', { revision: drawHashRevision(draw) })];
    case 'status':
      return [call('Status', {})];
    case 'defragment':
      return [call('Defragment', {})];
    case 'move':
      return [call('MoveLeader', { targetID: draw.pick([0, 99, { $member: true }]) })];
    default:
      return [
        call('Downgrade', {
          action: draw.below(3),
          version: draw.pick(['', '9.9', 'x', '3.7.0']),
        }),
      ];
  }
}

const GET = 0;
const ACTIVATE = 1;
const DEACTIVATE = 2;
const NO_SPACE = 1;
const CORRUPT = 2;

/** GET, ACTIVATE and DEACTIVATE; never an unknown action, which makes etcd panic. */
function drawAlarmSteps(draw: Draw): Step[] {
  const memberID = draw.pick([0, 5, { $member: true }]);
  const action = draw.pick([GET, GET, ACTIVATE, DEACTIVATE, DEACTIVATE]);
  if (action === GET) return [call('Alarm', { memberID, alarm: draw.pick([0, 1, 2, 9]) })];
  if (draw.capabilities.alarmsStopAllWrites) {
    return [call('Alarm', { action, memberID, alarm: draw.pick([NO_SPACE, NO_SPACE, CORRUPT]) })];
  }
  return [
    call('Alarm', { action: ACTIVATE, memberID, alarm: NO_SPACE }),
    call('Put', drawPutRequest(draw)),
    call('Txn', { success: [{ request_put: { key: 'a' } }] }),
    call('DeleteRange', drawDeleteRequest(draw)),
    call('Alarm', { action: DEACTIVATE, memberID, alarm: NO_SPACE }),
  ];
}

/**
 * Not the compacted revision itself: whether its hash comes from the compaction depends on whether
 * that has ended.
 */
function drawHashRevision(draw: Draw): PlainValue {
  if (draw.chance(10)) return draw.pick(EXTREMES);
  return draw.chance(30) ? 0 : { $retained: draw.pick([0, -1, -2, -5, 1]) };
}

/** Membership requests that one member refuses or answers without changing. */
export function drawClusterStep(draw: Draw): Step {
  const unknownId = draw.pick([0, 12345, '18446744073709551615']);
  switch (draw.weighted({ list: 3, add: 4, remove: 1, update: 2, promote: 2 })) {
    case 'add':
      return call('MemberAdd', { peerURLs: [drawBadUrl(draw)], isLearner: draw.chance(30) });
    case 'remove':
      return call('MemberRemove', { ID: unknownId });
    case 'update':
      return call('MemberUpdate', { ID: unknownId, peerURLs: [drawBadUrl(draw)] });
    case 'promote':
      return call('MemberPromote', { ID: draw.pick([unknownId, { $member: true }]) });
    default:
      return call('MemberList', { linearizable: draw.chance(50) });
  }
}

function drawBadUrl(draw: Draw): PlainValue {
  return draw.pick([
    { $peerUrl: true },
    '',
    'x',
    'http://127.0.0.1',
    'ftp://127.0.0.1:1',
    'http://127.0.0.1:1/path',
  ]);
}

function call(method: string, request: Plain): Step {
  return { do: 'call', method, request };
}
