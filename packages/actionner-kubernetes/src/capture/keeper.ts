/**
 * A capture container does nothing but wait for the capture that is executed in it, and ends a second after it, whatever
 * ended it: so it goes by itself, without a further call, also when Falco Talon has died or the connection broke.
 * The capture's shell leaves its process id in this file of the container.
 */
const MARK = '.falco-talon-capture';
const HOME = 'cd "${TMPDIR:-/tmp}" 2>/dev/null || cd /';

/** `$1`: seconds it lives at most. `$2`: seconds it waits for a capture to begin. */
const WAIT = `trap 'exit 0' TERM INT
${HOME}
n=0
while [ "$n" -lt "$1" ]; do
  if [ -s ${MARK} ]; then
    read -r pid <${MARK}
    kill -0 "$pid" 2>/dev/null || exit 0
  elif [ "$n" -ge "$2" ]; then
    exit 0
  fi
  sleep 1
  n=$((n + 1))
done`;

/** Seconds the container waits for its capture to begin. */
const IDLE = 15;
/** Seconds beyond the capture itself: to begin, and to end. */
const AROUND = 60;

/** Seconds after which such a container has ended, come what may. */
export function longestLife(duration: number): number {
  return duration + AROUND;
}

/** What the capture container runs. It needs a shell and `sleep`. */
export function keeperCommand(duration: number): readonly string[] {
  return ['/bin/sh', '-c', WAIT, 'falco-talon', String(longestLife(duration)), String(IDLE)];
}

/**
 * A script that runs the tool and lets the container end after it. It outlives the signal that ends the tool, to tell the
 * tool's exit code.
 */
export function captureScript(words: readonly string[]): string {
  return `trap : TERM INT; ${HOME}; { echo $$ >${MARK}; } 2>/dev/null; ${words.map(quoted).join(' ')}`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
