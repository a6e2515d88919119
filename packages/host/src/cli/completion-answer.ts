import { printable } from '@falco-talon/engine';
import { quoteForBash, readBashLine } from './bash-line.ts';
import type { CommandSpec, ProgramContext } from './command.ts';
import { candidatesFor, type Candidates } from './completion.ts';
import { namesOf } from './completion-names.ts';

/** The word by which the scripts ask; no command, and no help shows it. */
export const COMPLETE = '__complete';
/** More are no help to anybody. */
const MAX_CANDIDATES = 1000;
/** A rules file may be a pipe nobody writes to. Milliseconds. */
const TIME_LIMIT = 5000;

/**
 * What a script gets: on the first line `words` or `files`, then a candidate on each line, with a tab before its
 * description where the shell shows that. Empty when something fails: a key has no error message.
 */
export async function completionAnswer(
  [shell, ...asked]: readonly string[],
  commands: readonly CommandSpec[],
  program: ProgramContext,
): Promise<string> {
  const bash = shell === 'bash' ? readBashLine(asked[0] ?? '', asked[1] ?? '') : undefined;
  const before = bash ? bash.before.slice(1) : asked.slice(0, -1);
  const current = bash ? bash.current : (asked.at(-1) ?? '');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Candidates>((resolve) => {
    timer = setTimeout(resolve, TIME_LIMIT, { kind: 'words', values: [] });
  });
  const found = await Promise.race([
    candidatesFor(commands, before, current, (kind, line) => namesOf(kind, line, program)),
    late,
  ]).catch((): Candidates => ({ kind: 'words', values: [] }));
  clearTimeout(timer);

  // What is no line of printable text cannot be typed either.
  const values = found.values.filter(({ value }) => value !== '' && printable(value) === value);
  const lines = bash
    ? values
        .map(({ value }) => (found.prefix ?? '') + value)
        .filter((value) => value.startsWith(current))
        .map((value) => quoteForBash(value.slice(bash.kept), bash.quote))
    : values.map(({ value, description = '' }) => {
        const whole = shell === 'fish' ? (found.prefix ?? '') + value : value;
        return description === '' ? whole : `${whole}\t${printable(description)}`;
      });
  return [found.kind, ...lines.slice(0, MAX_CANDIDATES)].join('\n');
}
