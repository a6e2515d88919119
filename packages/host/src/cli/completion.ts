import { GLOBAL_OPTIONS, type CommandSpec, type OptionSpec } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes the commands of the table in this shell. */
export function completionScript(shell: Shell, name: string, commands: readonly CommandSpec[]): string {
  if (shell === 'fish') return fish(name, commands);
  const script = bash(name, commands);
  return shell === 'bash'
    ? script
    : `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${script}`;
}

interface Flag {
  readonly short: string | undefined;
  readonly long: string;
  readonly spec: OptionSpec;
}

function flagOf(spec: OptionSpec): Flag {
  const short = /(?:^|[ ,])-([A-Za-z])\b/.exec(spec.flags)?.[1];
  return { short, long: /--([\w-]+)/.exec(spec.flags)![1]!, spec };
}

/** What may follow each sequence of words: `''` for none yet. */
function nextWords(commands: readonly CommandSpec[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, Set<string>>([['', new Set(['help'])]]);
  for (const { path, argument } of commands) {
    for (const [index, word] of path.entries()) {
      const before = path.slice(0, index).join(' ');
      next.set(before, (next.get(before) ?? new Set()).add(word));
    }
    next.set(path.join(' '), new Set(argument?.choices ?? []));
  }
  next.set('help', new Set(commands.map(({ path }) => path[0]!)));
  return new Map(Array.from(next, ([key, words]) => [key, [...words]]));
}

function flagsOf(words: string, commands: readonly CommandSpec[]): readonly Flag[] {
  const command = commands.find(({ path }) => path.join(' ') === words);
  return [...GLOBAL_OPTIONS, ...(command?.options ?? [])].map(flagOf);
}

function allFlags(commands: readonly CommandSpec[]): readonly Flag[] {
  const flags = [...GLOBAL_OPTIONS, ...commands.flatMap(({ options }) => options)].map(flagOf);
  return flags.filter(({ long }, index) => flags.findIndex((other) => other.long === long) === index);
}

function takesValue({ spec }: Flag): boolean {
  return spec.flags.includes('<');
}

function spellings({ short, long }: Flag): readonly string[] {
  return short === undefined ? [`--${long}`] : [`--${long}`, `-${short}`];
}

function bash(name: string, commands: readonly CommandSpec[]): string {
  const id = `_${name.replaceAll(/\W/g, '_')}`;
  const valued = allFlags(commands).filter(takesValue);
  // The same option may take other values after another command.
  const choices = commands.flatMap(({ path, options }) =>
    options.map(flagOf).flatMap((flag) => {
      if (!flag.spec.choices) return [];
      const before = spellings(flag).map((spelling) => `'${path.join(' ')} ${spelling}'`);
      return [
        `    ${before.join('|')}) COMPREPLY=($(compgen -W '${flag.spec.choices.join(' ')}' -- "$current")); return;;`,
      ];
    }),
  );
  const values = valued.map((flag) => {
    // One name a line, so that a space ends none.
    const files = 'local IFS=$\'\\n\'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))';
    return `    ${spellings(flag).join('|')}) ${flag.spec.file === true ? files : 'COMPREPLY=()'}; return;;`;
  });
  const words = [...nextWords(commands)].map(([before, next]) => {
    const options = [
      ...flagsOf(before, commands).flatMap(spellings),
      '--help',
      ...(before === '' ? ['--version'] : []),
    ];
    return `    '${before}') candidates='${[...next, ...options].join(' ')}';;`;
  });
  return `# ${name} completion; load it with: source <(${name} completion bash)
${id}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words='' candidates='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${valued.flatMap(spellings).join('|')}) ((i++));;
      -*) ;;
      *) words="\${words:+$words }\${COMP_WORDS[i]}";;
    esac
  done
  case "$words $previous" in
${choices.join('\n')}
  esac
  case "$previous" in
${values.join('\n')}
  esac
  case "$words" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -F ${id} ${name}
`;
}

function fish(name: string, commands: readonly CommandSpec[]): string {
  const quote = (text: string) => `'${text.replaceAll(/['\\]/g, (char) => `\\${char}`)}'`;
  const lines = [`# ${name} completion; load it with: ${name} completion fish | source`, `complete -c ${name} -f`];
  for (const [before, next] of nextWords(commands)) {
    const seen =
      before === ''
        ? '__fish_use_subcommand'
        : before
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    const unseen = before === '' || next.length === 0 ? '' : `; and not __fish_seen_subcommand_from ${next.join(' ')}`;
    if (next.length > 0) lines.push(`complete -c ${name} -n ${quote(seen + unseen)} -a ${quote(next.join(' '))}`);
  }
  for (const flag of allFlags(commands)) {
    const value = flag.spec.choices ? ` -x -a ${quote(flag.spec.choices.join(' '))}` : takesValue(flag) ? ' -r -F' : '';
    const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
    lines.push(`complete -c ${name}${short} -l ${flag.long}${value} -d ${quote(flag.spec.description)}`);
  }
  return `${lines.join('\n')}\n`;
}
