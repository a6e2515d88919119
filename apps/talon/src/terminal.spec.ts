import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { directoryOf, ENVIRONMENT } from './testing-program.ts';

const files = directoryOf({ 'rules.yaml': '- rule: A\n  macth: {}\n' });
afterAll(() => files.remove());
const env = {
  ...ENVIRONMENT,
  HOME: files.path,
  TERM: 'xterm',
};
const talon = `'${process.execPath}' --conditions=@falco-talon/source '${join(import.meta.dirname, 'main.ts')}'`;
const run = (program: string, ...argv: string[]) =>
  spawnSync(program, argv, { cwd: files.path, env, encoding: 'utf8' });

const noTerminal = run('script', '--version').status !== 0;
if (noTerminal) console.log('colours on a terminal are left out: script cannot be run here');

it.skipIf(noTerminal)('errors have colours on a terminal, and stay what they are', () => {
  const { status, stdout } = run('script', '-qec', `${talon} check -r rules.yaml`, '/dev/null');
  expect(status).toBe(1);
  expect(stdout).toContain('\u001b[1m\u001b[31merror\u001b[39m\u001b[22m: unknown key "macth"');
  expect(run('script', '-qec', `NO_COLOR=1 ${talon} check -r rules.yaml`, '/dev/null').stdout).not.toContain('\u001b');
  expect(run('bash', '-c', `${talon} check -r rules.yaml`).stderr).not.toContain('\u001b');
});

it('a reader that goes away ends it without a word', () => {
  const { status, stdout, stderr } = run('bash', '-c', `set -o pipefail; ${talon} actionners list | head -n 1`);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '- name: calico:networkpolicy\n', stderr: '' });
});
