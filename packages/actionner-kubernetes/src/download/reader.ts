/** The variable that tells the reader which file. */
export const FILE_VARIABLE = 'FALCO_TALON_FILE';

/** Exit codes of the reader itself; those of programs are below. */
export const NO_FILE = 121;
export const NO_READER = 122;

/**
 * Writes a regular file, or what a link leads to, to standard output with the first program there is. What a file cannot
 * be (a pipe never ends, a device has no end) is refused; what is wrong with the rest that program says in its own words.
 */
export const READER = `f=$${FILE_VARIABLE}
if test -d "$f"; then echo "$f: is a directory" >&2; exit ${NO_FILE}; fi
if test -e "$f" && ! test -f "$f"; then echo "$f: is neither a file nor a link to one" >&2; exit ${NO_FILE}; fi
if command -v cat >/dev/null; then exec cat -- "$f"; fi
if command -v dd >/dev/null; then exec dd bs=65536 if="$f"; fi
if command -v tail >/dev/null; then exec tail -c +1 -- "$f"; fi
exit ${NO_READER}`;

/** Without a shell there is no choice. */
export function catCommand(path: string): readonly [string, ...string[]] {
  return ['cat', '--', path];
}

/**
 * The path as programs take it: one that begins with a dash would be an option, and `-` the standard input, to some of
 * them even after `--`.
 */
export function readablePath(file: string): string {
  return file.startsWith('/') ? file : `./${file}`;
}
