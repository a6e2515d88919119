import { spawn, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Reads `+<pid>` and `-<pid>`; at the end of what it reads, which is the end of whoever wrote it, it ends who is left. */
const GUARD = `
trap '' INT TERM HUP
all=' '
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) all="$all$pid " ;;
    -*) all="\${all%% $pid *} \${all#* $pid }" ;;
  esac
done
kill -KILL $all 2>/dev/null
`;

let guard: Writable | undefined;

/**
 * Ends the child when this process is gone, however it went: a test run that is killed runs no hook of its own. A child
 * that stands still (SIGSTOP) ends as well. Not on Windows, which has no shell to do it.
 */
export function endWithThisProcess(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || process.platform === 'win32') return;
  const input = (guard ??= startGuard());
  input.write(`+${pid}\n`);
  child.once('exit', () => input.write(`-${pid}\n`));
}

/** In a session of its own: what is sent to the group of this process must not reach it. */
function startGuard(): Writable {
  const shell = spawn('sh', ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  // It must not keep this process from ending: its end is what the guard waits for.
  (shell.stdin as Writable & { unref?(): void }).unref?.();
  return shell.stdin;
}
