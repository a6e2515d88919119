/**
 * Reads one line and runs it. All that varies travels in that line through standard input, so the request's URL (and the
 * audit log) shows this and nothing else. `read` takes no byte beyond the line in any shell: what follows is for the
 * watcher. `$1` is a line feed.
 */
const BOOTSTRAP = 'IFS= read -r __talon || exit 1; eval "$__talon"';

/** What the watcher is told, a line each. The end of standard input means `KILL` as well. */
export const TERM = 'T\n';
export const KILL = 'K\n';

/**
 * Waits for a line beside the command and passes it on as a signal to the process group, which is the command's own:
 * container runtimes make what they execute the leader of a session. It hears the connection's end too, so the command
 * ends with Falco Talon; but not when the command's shell is gone already.
 */
const WATCHER =
  `(trap '' HUP INT QUIT TERM; while IFS= read -r __talon; do case $__talon in ` +
  'T) kill -s TERM -- -$$;; K) kill -s KILL -- -$$;; esac; done; kill -0 $$ && kill -s KILL -- -$$) ' +
  '<&3 3<&- 4>&- >/dev/null 2>&1 &';

/** The shell's own standard error (4) is kept from its remarks about killed processes; the command gets it as it was. */
const OPEN = 'exec 3<&0 4>&2 </dev/null 2>/dev/null;';

/**
 * Runs the command in a subshell, so that `exit`, `set -e`, traps and `exec` are its own. What it left in the background
 * gets a HUP, as when a terminal is closed. The watcher is waited for: nobody else might.
 */
const RUN =
  'exec 3<&-; set --; trap : HUP INT QUIT TERM; (eval "$__talon") 2>&4 4>&-; __talon=$?; trap \'\' HUP; ' +
  'kill -s HUP -- -$$; kill -s KILL $!; wait $!; exit $__talon';

/** The command line for a POSIX shell. */
export function shellCommand(shell: string): readonly [string, ...string[]] {
  return [shell, '-c', BOOTSTRAP, shell, '\n'];
}

/**
 * The line that makes such a shell run a script with these variables. Only shell builtins are used and no file is
 * written. NUL cannot be part of it.
 */
export function shellInput(script: string | Uint8Array, environment: ReadonlyMap<string, string>): Uint8Array {
  // One character a byte, so that a script in any encoding arrives as it is.
  const bytes = (value: string | Uint8Array) =>
    typeof value === 'string' ? Buffer.from(value).toString('latin1') : Buffer.from(value).toString('latin1');
  const variables = Array.from(environment, ([name, value]) => `${name}=${quoted(bytes(value))}; export ${name}; `);
  return Buffer.from(`${OPEN} ${variables.join('')}__talon=${quoted(bytes(script))}; ${WATCHER} ${RUN}\n`, 'latin1');
}

/** In single quotes nothing has a meaning but the quote itself; a line feed would end the line that is read. */
function quoted(text: string): string {
  return `'${text.replaceAll(/['\n]/g, (mark) => (mark === "'" ? "'\\''" : "'$1'"))}'`;
}
