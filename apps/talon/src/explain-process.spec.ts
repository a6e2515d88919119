import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { ENVIRONMENT } from './testing-program.ts';

const repository = join(import.meta.dirname, '../../..');
const rules = ['-r', 'examples/rules.yaml'];

function talon(...argv: readonly string[]) {
  const main = join(import.meta.dirname, 'main.ts');
  return spawn(process.execPath, ['--conditions=@falco-talon/source', main, ...argv], {
    cwd: repository,
    env: ENVIRONMENT,
  });
}

it('explain reads alerts from a pipe, and ends when nobody reads what it says', async () => {
  const child = talon('explain', ...rules, '--event', '-', '-o', 'json');
  child.stdin.on('error', () => {});
  const alerts = setInterval(() => child.stdin.write('{"rule":"Terminal shell in container"}\n'.repeat(100)), 1);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await once(child, 'exit').finally(() => clearInterval(alerts))) as [number];
  expect(code).toBe(0);
});

it('rules test tells a shell by its exit code', async () => {
  const children = [talon('rules', 'test', 'examples/rules_test.yaml'), talon('rules', 'test', 'examples/rules.yaml')];
  const ended = children.map(async (child) => {
    const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    return [code as number, stderr] as const;
  });
  expect(await Promise.all(ended)).toEqual([
    [0, ''],
    [1, expect.stringContaining('examples/rules.yaml:6:1: error: a test file is a map with the key tests')],
  ]);
});
