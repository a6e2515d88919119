import { print, type CommandSpec } from './command.ts';
import { completionScript, SHELLS, type Shell } from './completion-script.ts';

export const completionCommand: CommandSpec = {
  path: ['completion'],
  description: 'print a script that completes commands, options, files and names in a shell',
  options: [],
  argument: { name: 'shell', description: 'the shell', choices: SHELLS },
  examples: [
    { line: 'source <(falco-talon completion bash)', meaning: 'bash: in this shell, or in ~/.bashrc for all' },
    { line: 'source <(falco-talon completion zsh)', meaning: 'zsh: in this shell, or in ~/.zshrc for all' },
    {
      line: 'falco-talon completion fish | source',
      meaning: 'fish: in this shell, or in ~/.config/fish/config.fish for all',
    },
  ],
  run: async ({ program, words }) => {
    print(program.stdout, completionScript(words[0] as Shell, program.name));
    return 0;
  },
};
