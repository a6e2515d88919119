import { COMPLETE } from './completion-answer.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * A script for this shell. All thinking is the program's, which the script asks at each key: what it hands over and what
 * it gets are data, nothing of either is evaluated. The program asked is the one the line begins with.
 */
export function completionScript(shell: Shell, name: string): string {
  const id = `_${name.replaceAll(/\W/g, '_')}`;
  return { bash, zsh, fish }[shell](name, id);
}

/** The line goes to the program as it is typed: which parts of it are quoted decides how an answer must be. */
function bash(name: string, id: string): string {
  return `# ${name} completion; load it with: source <(${name} completion bash)
${id}() {
  local program line kind=''
  COMPREPLY=()
  program=$(type -P -- "\${COMP_WORDS[0]}") || program=${name}
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
  done < <("$program" ${COMPLETE} bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
  case $kind in
    files) ;; # what readline does by default
    *) compopt +o default;;
  esac
} 2>/dev/null
complete -o default -F ${id} ${name}
`;
}

function zsh(name: string, id: string): string {
  return `#compdef ${name}
# ${name} completion; load it with: source <(${name} completion zsh)
${id}() {
  local program kind line
  local -a before lines values shown
  program=$(whence -p -- "\${(Q)words[1]}") || program=${name}
  (( CURRENT > 2 )) && before=("\${(@Q)words[2,CURRENT-1]}")
  lines=("\${(@f)$("$program" ${COMPLETE} zsh "\${before[@]}" "$PREFIX" 2>/dev/null </dev/null)}")
  kind=$lines[1]
  [[ $PREFIX == --*=* ]] && compset -P '--*='
  if [[ $kind == files ]]; then _files; return; fi
  for line in "\${(@)lines[2,-1]}"; do
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done
  (( $#values )) && compadd -l -d shown -a -- values
}
if [[ $funcstack[1] == ${id} || $funcstack[1] == _${name} ]]; then
  ${id} "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef ${id} ${name}
fi
`;
}

function fish(name: string, id: string): string {
  return `# ${name} completion; load it with: ${name} completion fish | source
function _${id}
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    type -q -- "$program"; or set program ${name}
    set -l answer (command $program ${COMPLETE} fish $words (commandline -ct) 2>/dev/null </dev/null)
    if test "$answer[1]" = files
        set -l current (commandline -ct)
        set -l option (string match -r -- '^--[^=]*=' $current)
        for path in (__fish_complete_path (string replace -- "$option" '' $current))
            printf '%s%s\\n' "$option" $path
        end
    else
        set -e answer[1]
        printf '%s\\n' $answer
    end
end
complete -c ${name} -f -a '(_${id})'
`;
}
