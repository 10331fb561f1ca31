import { Draw, drawRevision } from './draw.js';
import { drawAuthStep } from './generate-auth.js';
import { drawClusterStep, drawMaintenanceSteps } from './generate-cluster.js';
import {
  drawDeleteRequest,
  drawLease,
  drawLeaseGrant,
  drawPutRequest,
  drawRangeRequest,
  LEASE_NAMES,
} from './generate-kv.js';
import { drawOddStep } from './generate-odd.js';
import { drawLargeTxn, drawTxnRequest, putsBesideFromKeyDelete } from './generate-txn.js';
import { drawFragmentSteps, drawWatchStep } from './generate-watch.js';
import type { Capabilities } from './known-differences.js';
import type { Program, Step } from './program.js';
import type { Plain, PlainValue } from './schema.js';

/** What a program is about: the weights of its kinds of steps. */
const THEMES = {
  kv: { put: 30, range: 40, remove: 12, txn: 12, compact: 4, odd: 2 },
  txn: { put: 15, range: 10, remove: 5, txn: 60, largeTxn: 3, compact: 3, grant: 4 },
  lease: { put: 25, range: 10, remove: 3, txn: 10, grant: 20, revoke: 10, lookAtLease: 22 },
  watch: { put: 34, remove: 12, txn: 18, watch: 26, compact: 4, grant: 3, revoke: 3 },
  stream: { put: 40, rangeStream: 35, remove: 8, txn: 10, compact: 7 },
  fragment: { put: 10, fragments: 1, watch: 4, remove: 4 },
  odd: { put: 20, odd: 60, range: 10, largeTxn: 2, oversize: 2 },
  maintenance: { put: 30, remove: 8, txn: 10, maintenance: 40, compact: 8, grantChosen: 4 },
  cluster: { put: 20, cluster: 60 },
  auth: { auth: 90, put: 5, range: 5 },
} as const;

export type Theme = keyof typeof THEMES;

/** How often a theme is chosen, unless a run asks for certain themes. */
const THEME_WEIGHTS: Readonly<Record<Theme, number>> = {
  kv: 24,
  txn: 24,
  lease: 10,
  watch: 24,
  stream: 6,
  fragment: 1,
  odd: 8,
  maintenance: 6,
  cluster: 2,
  auth: 4,
};

/** All themes, for a run that names them. */
export const THEME_NAMES = Object.keys(THEMES) as Theme[];

/** The program of a seed: always the same one for the same capabilities and themes. */
export function generateProgram(
  seed: number,
  capabilities: Capabilities,
  onlyThemes: readonly Theme[] = THEME_NAMES,
): Program {
  const draw = new Draw(seed, capabilities);
  const weights = Object.fromEntries(
    onlyThemes.map((theme) => [theme, THEME_WEIGHTS[theme]]),
  ) as Record<Theme, number>;
  const theme = draw.weighted(weights);
  const lockstep = draw.chance(60);
  const steps: Step[] = [];
  const length = 6 + draw.below(30);
  while (steps.length < length) steps.push(...drawSteps(draw, theme));
  return { seed, theme, lockstep, steps: withoutTies(withoutLosingCompaction(steps)) };
}

/** How many operations make a transaction one of `drawLargeTxn`. */
const LARGE = 15;

/**
 * A large transaction writes many keys with equal values and revisions. They are deleted at once, but
 * a read at an older revision could still ask for them sorted by what is equal.
 */
function withoutTies(steps: Step[]): Step[] {
  const isLarge = (value: PlainValue): boolean =>
    typeof value === 'object' &&
    ((Array.isArray(value) && value.length >= LARGE) || Object.values(value).some(isLarge));
  if (!steps.some((step) => step.do === 'call' && isLarge(step.request))) return steps;
  return withoutOldSorts(steps);
}

function withoutOldSorts<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutOldSorts) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const rest = Object.entries(value).filter(
    ([name]) => name !== 'sort_target' || !('revision' in value),
  );
  return Object.fromEntries(rest.map(([name, item]) => [name, withoutOldSorts(item)])) as Value;
}

/**
 * When a transaction deletes from a key on and puts a key that this took away, and the store is then
 * compacted at that very revision, etcd loses the key and panics at every later read of it. Programs
 * with such transactions do not compact; `server-crashes.test.ts` does.
 */
function withoutLosingCompaction(steps: Step[]): Step[] {
  const isRisky = steps.some(
    (step) => step.do === 'call' && step.method === 'Txn' && putsBesideFromKeyDelete(step.request),
  );
  return isRisky ? steps.filter((step) => step.do !== 'call' || step.method !== 'Compact') : steps;
}

function drawSteps(draw: Draw, theme: Theme): Step[] {
  const kind: string = draw.weighted(THEMES[theme] as Readonly<Record<string, number>>);
  const make = STEP_MAKERS[kind];
  if (make === undefined) throw new Error(`no step of kind ${kind}`);
  const made = make(draw);
  return Array.isArray(made) ? made : [made];
}

const STEP_MAKERS: Readonly<Record<string, (draw: Draw) => Step | Step[]>> = {
  put: (draw) => call('Put', drawPutRequest(draw)),
  range: (draw) => call('Range', drawRangeRequest(draw)),
  remove: (draw) => call('DeleteRange', drawDeleteRequest(draw)),
  txn: (draw) => call('Txn', drawTxnRequest(draw)),
  // Its many keys go at once, see the number of keys in `draw.ts`.
  largeTxn: (draw) => [
    call('Txn', drawLargeTxn(draw)),
    call('DeleteRange', { key: 'big', range_end: 'p' }),
  ],
  compact: (draw) =>
    call('Compact', {
      revision: draw.chance(4) ? 0 : drawRevision(draw),
      physical: draw.chance(30),
    }),
  rangeStream: (draw) => ({ do: 'rangeStream', request: drawRangeStreamRequest(draw) }),
  grant: drawGrantSteps,
  // A lease id is part of the stored bytes: for equal hashes the server must not choose it.
  grantChosen: (draw) => call('LeaseGrant', drawLeaseGrant(draw)),
  revoke: (draw) => call('LeaseRevoke', { ID: drawLease(draw) }),
  lookAtLease: drawLeaseLook,
  watch: drawWatchStep,
  fragments: drawFragmentSteps,
  odd: drawOddStep,
  oversize: (draw) =>
    call('Put', {
      key: 'big',
      value: { $repeat: ['o', draw.pick([1_572_864, 1_700_000, 2_200_000])] },
    }),
  maintenance: drawMaintenanceSteps,
  cluster: drawClusterStep,
  auth: drawAuthStep,
};

/** With a limit and a sort target but no order, 3.7.1 counts wrongly in a stream: not asked for. */
function drawRangeStreamRequest(draw: Draw): Plain {
  const request = drawRangeRequest(draw);
  if (request.limit !== undefined && Number(request.sort_order ?? 0) === 0) {
    delete request.sort_target;
  }
  return request;
}

function drawGrantSteps(draw: Draw): Step[] {
  if (draw.chance(15)) {
    // The least time to live is some seconds: the lease must go before it could expire.
    const ID = 31;
    const TTL = draw.pick([0, -1, 1, '-9223372036854775808']);
    return [call('LeaseGrant', { TTL, ID }), call('LeaseRevoke', { ID })];
  }
  if (draw.chance(25)) {
    const bind = draw.pick(LEASE_NAMES);
    return [{ do: 'call', method: 'LeaseGrant', request: { TTL: 500 }, bind }];
  }
  return [call('LeaseGrant', drawLeaseGrant(draw))];
}

function drawLeaseLook(draw: Draw): Step {
  switch (draw.weighted({ timeToLive: 5, leases: 2, keepAlive: 3 })) {
    case 'timeToLive':
      return call('LeaseTimeToLive', { ID: drawLease(draw), keys: draw.chance(60) });
    case 'leases':
      return call('LeaseLeases', {});
    default:
      return { do: 'keepAlive', ids: draw.list(1 + draw.below(3), () => drawLease(draw)) };
  }
}

function call(method: string, request: Plain): Step {
  return { do: 'call', method, request };
}
