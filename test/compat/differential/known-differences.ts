import { isDeepStrictEqual } from 'node:util';
import { carrierUnderTest } from '../../support/programs.js';
import type { Step, StepResult } from './program.js';
import type { Plain, PlainValue } from './schema.js';

/**
 * Where etcd 3.4 and 3.7 differ. The generator asks `capabilitiesOf` to leave out what would send the
 * two stores different ways (or crash the older one); the rest is accepted here, result by result. An
 * oracle of the version that the server under test imitates has no such list.
 */
interface KnownDifference {
  reason: string;
  /** `older` is the result of the 3.4 side. */
  explains(step: Step | undefined, older: StepResult, newer: StepResult): boolean;
}

/** What the older of two servers can do, as far as programs depend on it. */
export interface Capabilities {
  /** 3.4 takes an unknown sort order or target as none; 3.7 refuses the request, or the whole Txn. */
  refusesUnknownSort: boolean;
  /** 3.4 forgets deletions at the compacted revision, and takes a negative start revision as 0. */
  keepsDeletionsAtCompaction: boolean;
  /** 3.4 stores permissions on ranges that are none, and panics on a missing one. */
  checksPermissions: boolean;
  /** 3.4 has no RangeStream: it is asked for the same Range. */
  hasRangeStream: boolean;
  /** 3.4 compacts in spite of a CORRUPT alarm, and does nested puts in spite of a NOSPACE alarm. */
  alarmsStopAllWrites: boolean;
}

/** What programs for these versions may hold; everything unless one is 3.4. */
export function capabilitiesOf(...versions: string[]): Capabilities {
  const isNew = !versions.some(isOlder);
  return {
    refusesUnknownSort: isNew,
    keepsDeletionsAtCompaction: isNew,
    checksPermissions: isNew,
    hasRangeStream: isNew,
    alarmsStopAllWrites: isNew,
  };
}

const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: 'answers without values hold no lease since 3.7, unless they were sorted by value',
    explains: (step, older, newer) =>
      JSON.stringify(step ?? '').includes('"keys_only":true') &&
      isDeepStrictEqual(withoutLeases(older), withoutLeases(newer)),
  },
  {
    reason: 'the role root that nobody added has all permissions since 3.5',
    explains: (step) =>
      isCall(step, 'RoleGet') && step?.do === 'call' && step.request.role === 'root',
  },
  {
    reason: 'the texts about undecodable bytes come from another protobuf library',
    explains: (_step, older, newer) =>
      isDeepStrictEqual(withoutDecoderTexts(older), withoutDecoderTexts(newer)),
  },
  {
    reason: '3.4 checks all puts of a Txn before its ranges, 3.7 checks the operations in order',
    explains: (step, older, newer) =>
      isCall(step, 'Txn') &&
      TXN_CHECK_ERRORS.has(errorText(older)) &&
      TXN_CHECK_ERRORS.has(errorText(newer)),
  },
  {
    reason: '3.4 leaves the header out of answers to Alarm',
    explains: (step, older, newer) =>
      isCall(step, 'Alarm') && isDeepStrictEqual(older, without(newer, 'header')),
  },
  {
    reason:
      '3.4 does not say which revision it hashed, and hashes neither deletions at the compacted ' +
      'revision nor while a compaction runs',
    explains: (step) => isCall(step, 'HashKV'),
  },
  {
    reason: '3.4 has no such method',
    explains: (step, older) =>
      (isCall(step, 'AuthStatus') || isCall(step, 'Downgrade')) &&
      errorText(older).startsWith('unknown method '),
  },
  {
    reason: 'Status has more fields, another version, and no space behind alarms',
    explains: (step, older, newer) =>
      isCall(step, 'Status') && isDeepStrictEqual(oldStatus(older), oldStatus(newer)),
  },
  {
    reason: '3.4 answers a progress request at once, also when watches are behind or missing',
    explains: (step, older, newer) =>
      step?.do === 'progress' &&
      typeof older.progress === 'number' &&
      isDeepStrictEqual(
        withoutDecoderTexts(without(older, 'progress')),
        withoutDecoderTexts(without(newer, 'progress')),
      ),
  },
];

/** Whether the difference of a step is on the list for these two versions. */
export function isKnownDifference(
  versions: readonly [tested: string, oracle: string],
  step: Step | undefined,
  tested: StepResult,
  expected: StepResult,
): boolean {
  if (carrierUnderTest() === 'grpc-js' && isReferenceText(tested, expected)) return true;
  if (isOlder(versions[0]) === isOlder(versions[1])) return false;
  const [older, newer] = isOlder(versions[0]) ? [tested, expected] : [expected, tested];
  return KNOWN_DIFFERENCES.some((one) => one.explains(step, older, newer));
}

/** What the reference carrier itself says of methods that nobody has registered. */
const REFERENCE_TEXT = /^The server does not implement the method /;

/** Whether two errors differ in nothing but the reference carrier's own text. */
function isReferenceText(tested: StepResult, expected: StepResult): boolean {
  const wanted = expected.error as Plain | undefined;
  return (
    wanted !== undefined &&
    REFERENCE_TEXT.test(errorText(tested)) &&
    isDeepStrictEqual(tested, { ...expected, error: { ...wanted, text: errorText(tested) } })
  );
}

function isOlder(version: string): boolean {
  return version.startsWith('3.4.');
}

const TXN_CHECK_ERRORS = new Set([
  'etcdserver: requested lease not found',
  'etcdserver: key not found',
  'etcdserver: mvcc: required revision has been compacted',
  'etcdserver: mvcc: required revision is a future revision',
]);

function isCall(step: Step | undefined, method: string): boolean {
  return step?.do === 'call' && step.method === method;
}

function errorText(result: StepResult): string {
  return String((result.error as Plain | undefined)?.text ?? '');
}

function without(result: StepResult, field: string): StepResult {
  const { [field]: _removed, ...rest } = result;
  return rest;
}

function oldStatus(status: StepResult): StepResult {
  const { header, leader, errors, isLearner } = status;
  const texts = Array.isArray(errors) ? errors.map((text) => String(text).trim()) : [];
  return {
    header: header ?? {},
    leader: leader ?? 0,
    errors: texts,
    isLearner: isLearner ?? false,
  };
}

const DECODER_TEXT =
  /^(grpc: error unmarshalling request|grpc: failed to unmarshal the received message).*/;

function withoutLeases(value: PlainValue): PlainValue {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutLeases);
  const rest = Object.entries(value).filter(([name]) => name !== 'lease');
  return Object.fromEntries(rest.map(([name, item]) => [name, withoutLeases(item)]));
}

function withoutDecoderTexts(value: PlainValue): PlainValue {
  if (typeof value === 'string') return value.replace(DECODER_TEXT, '$1');
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutDecoderTexts);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withoutDecoderTexts(item)]),
  );
}
