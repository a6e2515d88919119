import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commands } from './commands.ts';
import { completionScript } from './completion.ts';
import { run } from './testing-program.ts';

/** What bash itself offers after these words; the last one is being typed. */
function completed(...words: string[]): string[] {
  const script = `${completionScript('bash', 'falco-talon', commands)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _falco_talon; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', 'falco-talon', ...words], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

it('bash completes commands, options and choices', () => {
  expect(completed('s')).toEqual(['server']);
  expect(completed('rules', '')).toEqual(expect.arrayContaining(['check', 'print']));
  expect(completed('-c', 'x', 'rules', 'pr')).toEqual(['print']);
  expect(completed('server', '--dry')).toEqual(['--dry-run']);
  expect(completed('explain', '--output', '')).toEqual(expect.arrayContaining(['text', 'json']));
  expect(completed('completion', 'f')).toEqual(['fish']);
  expect(completed('help', 'expl')).toEqual(['explain']);
  expect(completed('actionners', 'list', '-o', '')).toEqual(['yaml', 'json', 'table']);
  expect(completed('server', '--he')).toEqual(['--help']);
  expect(completed('--ver')).toEqual(['--version']);
});

it('bash completes file names whole, spaces included', () => {
  const directory = mkdtempSync(join(tmpdir(), 'completion-'));
  writeFileSync(join(directory, 'my rules.yaml'), '');
  expect(completed('-r', join(directory, 'my'))).toEqual([join(directory, 'my rules.yaml')]);
  rmSync(directory, { recursive: true });
});

it('every command is in every script', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await run(['completion', shell]);
    expect(code).toBe(0);
    for (const { path } of commands) expect(stdout).toContain(path.at(-1));
  }
});
