import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../test/support/repository.js';

const README = join(repositoryRoot, 'bench', 'README.md');
const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

/** Puts what was measured into bench/README.md, between its two marks. Returns the path. */
export function writeIntoReadme(markdown: string): string {
  const text = readFileSync(README, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${README} lacks the marks ${BEGIN} and ${END}`);
  const parts = [text.slice(0, begin + BEGIN.length), markdown.trim(), text.slice(end)];
  writeFileSync(README, parts.join('\n\n').replaceAll(/\n{3,}/g, '\n\n'));
  return README;
}
