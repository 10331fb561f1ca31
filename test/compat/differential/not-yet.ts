import { THEME_NAMES, type Theme } from './generate.js';

/**
 * What the server does not have yet (the README's table names it): programs do without, until the
 * services are there and leave this list. A run that names its themes gets them as they are.
 */
const THEMES_NOT_YET: ReadonlySet<Theme> = new Set<Theme>(['auth']);

/** The themes of a run that names none. */
export const PRESENT_THEMES: readonly Theme[] = THEME_NAMES.filter(
  (theme) => !THEMES_NOT_YET.has(theme),
);
