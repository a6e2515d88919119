/** The end of a path tells more than its beginning; an object key has room for little more. */
const LONGEST = 64;

/** What the artifact of a file is called: no path, nothing that is not printed, of bounded length. */
export function artifactName(file: string): string {
  const name = Array.from(file.replace(/^[./]+/, ''), (mark) => (/[\p{C}\p{Z}/\\]/u.test(mark) ? '_' : mark));
  return name.slice(-LONGEST).join('') || 'file';
}
