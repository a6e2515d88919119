import { describe, expect, it } from 'vitest';
import { run } from './testing-program.ts';

describe('wrong usage', () => {
  it.each([
    ['sever', "unknown command 'sever'", 'falco-talon server'],
    ['help sever', "unknown command 'sever'", 'falco-talon server'],
    ['sever --help', "unknown command 'sever'", 'falco-talon server'],
    ['rules chek -h', "unknown command 'rules chek'", 'falco-talon rules check'],
    ['rules chek', "unknown command 'rules chek'", 'falco-talon rules check'],
    ['help rules chek', "unknown command 'rules chek'", 'falco-talon rules check'],
    ['rule print', "unknown command 'rule print'", 'falco-talon rules print'],
    ['actionner list', "unknown command 'actionner list'", 'falco-talon actionners list'],
    ['list actionners', "unknown command 'list actionners'", 'falco-talon actionners list'],
    ['print', "unknown command 'print'", 'falco-talon rules print\n          or: falco-talon config print'],
    ['validate', "unknown command 'validate'", 'falco-talon check'],
    ['check --confg x', 'check has no option --confg', 'falco-talon check --config'],
    ['check -f x', 'check has no option -f', 'falco-talon check --rules'],
    ['actionners list --json', 'actionners list has no option --json', 'falco-talon actionners list --output json'],
    ['check rules.yaml', "check takes no 'rules.yaml'", 'falco-talon check --rules rules.yaml'],
    [
      'explain alert.json',
      'explain needs --event <file>: alerts as JSON: one, a list, or one after the other; - reads the standard input',
      'falco-talon explain --event alert.json',
    ],
    ['--confg x check', 'unknown option --confg', 'falco-talon --config'],
  ])('falco-talon %s', async (line, message, instead) => {
    const { code, stdout, stderr } = await run(line.split(' '));
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `falco-talon: ${message}\nDid you mean: ${instead}\n`,
    });
  });

  it.each([
    ['nonsense', "unknown command 'nonsense'", 'help'],
    ['check --wait x', 'check has no option --wait; these have it: test-alert', 'help check'],
    ['completion', 'completion needs <shell>: bash, zsh, fish', 'help completion'],
    ['outputs show', 'outputs show needs <name>: its full name', 'help outputs show'],
    ['check -r', "option '-r, --rules <file>' argument missing", 'help check'],
    [
      'explain',
      'explain needs --event <file>: alerts as JSON: one, a list, or one after the other; - reads the standard input',
      'help explain',
    ],
    [
      'actionners list -o jsn',
      "option '-o, --output <format>' argument 'jsn' is invalid. It is one of yaml, json, table; did you mean json?",
      'help actionners list',
    ],
  ])('falco-talon %s, without a line to type instead', async (line, message, help) => {
    expect((await run(line.split(' '))).stderr).toBe(`falco-talon: ${message}\nRun: falco-talon ${help}\n`);
  });

  it('lists the commands of a group that stands alone', async () => {
    const { code, stderr } = await run(['rules']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Usage: falco-talon rules .*\n\nCommands:\n +check .*\n +print /s);
    expect((await run(['plugins', 'lst'])).stderr).toContain('Did you mean: falco-talon plugins list\n');
  });

  it('steers no terminal', async () => {
    for (const argv of [['\u001b[31mx'], ['check', '--\u001b[31mx'], ['check', '\u202e.yaml'], ['-o\u0007']])
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      expect((await run(argv)).stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});
