import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { directoryOf, ENVIRONMENT } from './testing-program.ts';

/** A rule name that must stay a name, whatever a shell makes of it. */
const HOSTILE = `We're $(touch pwned) \`touch pwned\`; "rm" $HOME`;
const files = directoryOf({
  'falco-talon': `#!/bin/sh\nexec '${process.execPath}' --conditions=@falco-talon/source '${join(import.meta.dirname, 'main.ts')}' "$@"\n`,
  'config.yaml': 'rules_files: [my rules.yaml]\n',
  'my rules.yaml': `- rule: One\n  match: { rules: [${JSON.stringify(HOSTILE)}, Terminal shell] }\n`,
});
chmodSync(join(files.path, 'falco-talon'), 0o755);
afterAll(() => files.remove());

const env = {
  ...ENVIRONMENT,
  PATH: `${files.path}:${process.env['PATH']}`,
  HOME: files.path,
  TERM: 'xterm',
  LANG: 'C.UTF-8',
};
const missing = (program: string) => spawnSync(program, ['--version']).status !== 0;

interface Shell {
  readonly command: string;
  readonly load: string;
  /** Prints the arguments of the program in place of running it; what completes asks the real one. */
  readonly show: string;
}
const POSIX_SHOW = `falco-talon() { printf 'ARG<%s>\\n' "$@"; echo EN''D; }`;
const SHELLS: Readonly<Record<string, Shell>> = {
  bash: { command: 'bash --norc --noprofile -i', load: 'source <(falco-talon completion bash)', show: POSIX_SHOW },
  zsh: { command: 'zsh -f -i', load: 'source <(falco-talon completion zsh)', show: POSIX_SHOW },
  fish: {
    command: 'fish --no-config -i',
    load: 'falco-talon completion fish | source',
    show: `function falco-talon; printf 'ARG<%s>\\n' $argv; echo EN''D; end`,
  },
};

/** Types the lines into the shell on a terminal of its own, each with a tab before its end, and tells what was run. */
async function typed(shell: Shell, lines: readonly string[]): Promise<string[][]> {
  const child = spawn('script', ['-qec', shell.command, '/dev/null'], { cwd: files.path, env });
  let output = '';
  let look = () => {};
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    look();
  });
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (output.includes(text)) resolve();
      };
      look();
    });
  const ran: string[][] = [];
  child.stdin.write(`${shell.load}\n${shell.show}\necho REA''DY\n`);
  await until('READY');
  for (const line of lines) {
    output = '';
    child.stdin.write(`${line}\t\n`);
    await until('END');
    ran.push(Array.from(output.matchAll(/ARG<(.*)>/g), ([, argument]) => argument!));
  }
  child.stdin.write('exit\n');
  await new Promise((resolve) => child.once('exit', resolve));
  return ran;
}

describe.each(Object.entries(SHELLS))('in %s', (name, shell) => {
  const reason = ['script', name].filter(missing);
  if (reason.length > 0) console.log(`completion in ${name} is left out: ${reason.join(' and ')} cannot be run here`);

  it.skipIf(reason.length > 0)(
    'a tab completes commands, files and names, and runs nothing of what they say',
    async () => {
      const ran = await typed(shell, [
        'falco-talon rules print -r my',
        'falco-talon actionners show kubernetes:ter',
        'falco-talon test-alert --rule We',
        'falco-talon test-alert --rule "Term',
      ]);
      expect(ran).toEqual([
        ['rules', 'print', '-r', 'my rules.yaml'],
        ['actionners', 'show', 'kubernetes:terminate'],
        ['test-alert', '--rule', HOSTILE],
        ['test-alert', '--rule', 'Terminal shell'],
      ]);
      expect(existsSync(join(files.path, 'pwned'))).toBe(false);
      expect(readdirSync(files.path).filter((file) => /[$`;]/.test(file))).toEqual([]);
    },
  );
});
