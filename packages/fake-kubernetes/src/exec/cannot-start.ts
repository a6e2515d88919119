/** Thrown by a handler whose command cannot be started, with the runtime's words. A class because it has to be thrown. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** As runc says it of a program that is not there. */
export function noProgram(program: string): CannotStart {
  const quoted = JSON.stringify(program);
  const why = program.includes('/')
    ? `stat ${program}: no such file or directory`
    : 'executable file not found in $PATH';
  return new CannotStart(`exec failed: unable to start container process: exec: ${quoted}: ${why}`);
}
