interface Rule {
  readonly pattern: RegExp;
  readonly takesBack: boolean;
}

/**
 * What a `.dockerignore` keeps out of the build context. The last line that fits a path, or a folder
 * above it, decides; a line with `!` takes it back in.
 */
export function parseIgnoreFile(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseRule);
  return (path) => {
    let isIgnored = false;
    for (const { pattern, takesBack } of rules) {
      if (withFoldersAbove(path).some((each) => pattern.test(each))) isIgnored = !takesBack;
    }
    return isIgnored;
  };
}

function parseRule(line: string): Rule {
  const takesBack = line.startsWith('!');
  const glob = line.slice(takesBack ? 1 : 0).replace(/^\/|\/$/g, '');
  if (/[[\]\\]/.test(glob)) throw new Error(`not known here: ${line}`);
  const source = glob.replace(/\*\*\/?|\*|\?|[.+^${}()|]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
  return { pattern: new RegExp(`^${source}$`), takesBack };
}

function withFoldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
