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

/** A profile as V8 writes it: a tree of frames, and which node was on top at each sample. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame }[];
  samples: number[];
  timeDeltas: number[];
}

export interface SelfTime {
  /** Function and place, e.g. `apply (src/server/apply.ts:120)`. */
  name: string;
  /** The file or module the function is in; V8's own entries stand for themselves. */
  file: string;
  /** Share of the time the main thread was not idle, 0 to 1. */
  share: number;
}

export interface ProfileSummary {
  seconds: number;
  /** Share of the time in which the main thread had nothing to do. */
  idleShare: number;
  /** Most expensive first. */
  functions: SelfTime[];
}

const IDLE = '(idle)';
/** The inspector's own work when the profile starts. */
const PROFILER = 'dispatch';

/** Self time by function. Compiled positions are mapped back to the sources. */
export function summarise(profile: CpuProfile): ProfileSummary {
  const selfUs = new Map<number, number>();
  for (const [index, id] of profile.samples.entries()) {
    selfUs.set(id, (selfUs.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  const byName = new Map<string, { file: string; us: number }>();
  let totalUs = 0;
  let idleUs = 0;
  for (const { id, callFrame } of profile.nodes) {
    const us = selfUs.get(id) ?? 0;
    if (callFrame.functionName === PROFILER && callFrame.url === '') continue;
    totalUs += us;
    if (callFrame.functionName === IDLE) {
      idleUs += us;
      continue;
    }
    const { name, file } = placeOf(callFrame);
    const entry = byName.get(name) ?? { file, us: 0 };
    entry.us += us;
    byName.set(name, entry);
  }
  const busyUs = totalUs - idleUs;
  const functions = [...byName]
    .map(([name, { file, us }]) => ({ name, file, share: us / busyUs }))
    .sort((a, b) => b.share - a.share);
  return { seconds: totalUs / 1e6, idleShare: idleUs / totalUs, functions };
}

function placeOf(frame: CallFrame): { name: string; file: string } {
  const functionName = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  if (frame.url === '') return { name: functionName, file: functionName };
  if (!frame.url.startsWith('file:')) {
    return { name: `${functionName} (${frame.url}:${frame.lineNumber + 1})`, file: frame.url };
  }
  const path = fileURLToPath(frame.url);
  const entry = sourceMapOf(path)?.findEntry(frame.lineNumber, frame.columnNumber);
  const isMapped = entry !== undefined && 'originalSource' in entry;
  const source = isMapped ? resolve(dirname(path), entry.originalSource) : path;
  const line = (isMapped ? entry.originalLine : frame.lineNumber) + 1;
  const file = relative(repositoryRoot, source);
  return { name: `${functionName} (${file}:${line})`, file };
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
