import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from '../../test/support/repository.js';

interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

interface ProfileNode {
  id: number;
  callFrame: CallFrame;
  children?: number[];
}

/** A profile as V8 writes it: a tree of frames, and which node was on top at each sample. */
export interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

export interface SelfTime {
  /** Function and place, e.g. `apply (src/server/apply.ts:120)`, or a room. */
  name: string;
  /** Share of the time the main thread was not idle, 0 to 1. */
  share: number;
}

/** All lists have the most expensive first. */
export interface ProfileSummary {
  seconds: number;
  /** Share of the time in which the main thread had nothing to do. */
  idleShare: number;
  /** Self time by function. */
  functions: SelfTime[];
  /** Time by room of src/, package, or part of the runtime that no room called. */
  rooms: SelfTime[];
  /** Self time of the functions of src/ and of what they call of the runtime. */
  charged: SelfTime[];
}

const IDLE = '(idle)';
/** The inspector's own work when the profile starts. */
const PROFILER = 'dispatch';

/** Where a frame belongs: `room` is undefined for the runtime's own code. */
interface Place {
  name: string;
  room: string | undefined;
  isSource: boolean;
}

/** Self time by function, room and caller. Compiled positions are mapped back to the sources. */
export function summarise(profile: CpuProfile): ProfileSummary {
  const selfUs = new Map<number, number>();
  for (const [index, id] of profile.samples.entries()) {
    selfUs.set(id, (selfUs.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  const parents = new Map<number, ProfileNode>();
  for (const node of profile.nodes) for (const id of node.children ?? []) parents.set(id, node);
  const functions = new Tally();
  const rooms = new Tally();
  const charged = new Tally();
  let totalUs = 0;
  let idleUs = 0;
  for (const node of profile.nodes) {
    const us = selfUs.get(node.id) ?? 0;
    const { functionName, url } = node.callFrame;
    if (us === 0 || (functionName === PROFILER && url === '')) continue;
    totalUs += us;
    if (functionName === IDLE) {
      idleUs += us;
      continue;
    }
    const place = placeOf(node.callFrame);
    functions.add(place.name, us);
    const owner = ownerOf(node, parents);
    rooms.add(owner?.room ?? runtimePart(node.callFrame), us);
    if (owner?.isSource === true) charged.add(owner.name, us);
  }
  const busyUs = totalUs - idleUs;
  return {
    seconds: totalUs / 1e6,
    idleShare: idleUs / totalUs,
    functions: functions.shares(busyUs),
    rooms: rooms.shares(busyUs),
    charged: charged.shares(busyUs),
  };
}

class Tally {
  private readonly us = new Map<string, number>();

  add(name: string, us: number): void {
    this.us.set(name, (this.us.get(name) ?? 0) + us);
  }

  shares(wholeUs: number): SelfTime[] {
    return [...this.us]
      .map(([name, us]) => ({ name, share: us / wholeUs }))
      .sort((a, b) => b.share - a.share);
  }
}

/** The innermost frame, from this one outwards, that is not the runtime's. */
function ownerOf(node: ProfileNode, parents: ReadonlyMap<number, ProfileNode>): Place | undefined {
  for (let at: ProfileNode | undefined = node; at !== undefined; at = parents.get(at.id)) {
    const place = placeOf(at.callFrame);
    if (place.room !== undefined) return place;
  }
  return undefined;
}

/** `node:internal/http2`, `(garbage collector)` and the like. */
function runtimePart({ url, functionName }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native code';
  return url.split('/').slice(0, 2).join('/');
}

const places = new Map<string, Place>();

function placeOf(frame: CallFrame): Place {
  const key = `${frame.functionName} ${frame.url} ${frame.lineNumber} ${frame.columnNumber}`;
  let place = places.get(key);
  if (place === undefined) {
    place = findPlace(frame);
    places.set(key, place);
  }
  return place;
}

function findPlace(frame: CallFrame): Place {
  const functionName = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  if (frame.url === '') return { name: functionName, room: undefined, isSource: false };
  if (!frame.url.startsWith('file:')) {
    const name = `${functionName} (${frame.url}:${frame.lineNumber + 1})`;
    return { name, room: undefined, isSource: false };
  }
  const path = fileURLToPath(frame.url);
  const entry = sourceMapOf(path)?.findEntry(frame.lineNumber, frame.columnNumber);
  const isMapped = entry !== undefined && 'originalSource' in entry;
  const source = isMapped ? resolve(dirname(path), entry.originalSource) : path;
  const line = (isMapped ? entry.originalLine : frame.lineNumber) + 1;
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(source);
  if (inPackage !== null) {
    const [, room, file] = inPackage;
    return { name: `${functionName} (${room}/${file}:${line})`, room, isSource: false };
  }
  const file = relative(repositoryRoot, source);
  const room = file.split('/').slice(0, 2).join('/');
  return { name: `${functionName} (${file}:${line})`, room, isSource: room.startsWith('src/') };
}

const sourceMaps = new Map<string, SourceMap | undefined>();

function sourceMapOf(path: string): SourceMap | undefined {
  if (!sourceMaps.has(path)) {
    const mapPath = `${path}.map`;
    const map = existsSync(mapPath)
      ? new SourceMap(JSON.parse(readFileSync(mapPath, 'utf8')) as SourceMapPayload)
      : undefined;
    sourceMaps.set(path, map);
  }
  return sourceMaps.get(path);
}
