import { compileGlob } from './glob.ts';
import type { TextTest } from './regex.ts';

/**
 * Whether one of the paths is the text or a folder above it, part by part: `/etc` takes `/etc/passwd` and not `/etc2`.
 * A part may be a shell pattern.
 * @throws RegexError
 */
export function compilePaths(paths: readonly string[]): TextTest {
  const folders = paths.map((path) => partsOf(path, Infinity).map(compilePart));
  const longest = Math.max(0, ...folders.map(({ length }) => length));
  return (text) => {
    const parts = partsOf(text, longest);
    return folders.some(
      (folder) => folder.length <= parts.length && folder.every((test, index) => test(parts[index]!)),
    );
  };
}

function compilePart(part: string): TextTest {
  return /[?*[]/.test(part) ? compileGlob(part) : (text) => text === part;
}

/** What stands between slashes, at most so many parts. */
function partsOf(path: string, limit: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < path.length && parts.length < limit;) {
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    if (end > start) parts.push(path.slice(start, end));
    start = end + 1;
  }
  return parts;
}
