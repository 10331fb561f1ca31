import { THEME_NAMES, type Theme } from './generate.js';
import type { Program } from './program.js';

/**
 * What the server does not have yet (the README's table names it): programs do without, until the
 * methods are there and leave this list. A run that names its themes gets them as they are.
 */
const THEMES_NOT_YET: ReadonlySet<Theme> = new Set<Theme>(['auth', 'cluster']);
const METHODS_NOT_YET: ReadonlySet<string> = new Set(['Downgrade']);

/** The themes of a run that names none. */
export const PRESENT_THEMES: readonly Theme[] = THEME_NAMES.filter(
  (theme) => !THEMES_NOT_YET.has(theme),
);

/** The program without calls of methods that are not there yet. */
export function withPresentMethods(program: Program): Program {
  const steps = program.steps.filter(
    (step) => step.do !== 'call' || !METHODS_NOT_YET.has(step.method),
  );
  return { ...program, steps };
}
