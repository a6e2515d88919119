import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryOf, killAll, startTalon } from './testing-program.ts';
import { runIn } from './testing-run.ts';

/** They write down what they did; `crash` ends the process as long as there is a file `cause`. */
const PLUGIN = `
import { appendFileSync, existsSync } from 'node:fs';
const actionner = (name, parts) => ({
  kind: 'actionner', apiVersion: 1, name, description: 'd', stability: 'alpha', sources: 'any', continue: true, output: 'none',
  idempotent: true, permissions: [], examples: [{ description: 'd', parameters: {} }],
  parameters: { type: 'object', properties: {}, additionalProperties: false },
  target: () => undefined, timeLimit: () => 5000, ...parts,
});
const did = (what) => {
  appendFileSync('did', what + '\\n');
  return { status: 'success', message: what };
};
export default {
  kind: 'plugin', apiVersion: 1, name: 'poison', category: 'poison',
  actionners: [
    actionner('step', { run: async () => did('step') }),
    actionner('crash', {
      idempotent: false,
      run: async () => {
        if (existsSync('cause')) process.kill(process.pid, 'SIGKILL');
        return did('crash');
      },
      settled: async () => (did('asked'), 'again'),
    }),
    actionner('after', { run: async () => did('after') }),
  ],
};
`;
const FILES = {
  'config.yaml': `listen_address: 127.0.0.1
listen_port: 0
log_format: json
data_directory: data
rules_files: [rules.yaml]
plugins: [./poison.mjs, '@falco-talon/queue-sqlite']
queue: { type: sqlite }
limits: { event_attempts: 1 }
`,
  'rules.yaml': `- rule: Poison
  match: { rules: [Shell] }
  actions:
    - { action: first, actionner: "poison:step" }
    - { action: second, actionner: "poison:crash" }
    - { action: third, actionner: "poison:after" }
`,
  'poison.mjs': PLUGIN,
  cause: '',
};
const alert = (name: string) =>
  JSON.stringify({ rule: 'Shell', priority: 'Notice', output: `shell \u001b[31m in ${name}`, output_fields: { name } });

describe('dead letters of the program', { timeout: 60_000 }, () => {
  let files: ReturnType<typeof directoryOf>;
  beforeEach(() => (files = directoryOf(FILES)));
  afterEach(() => {
    killAll();
    files.remove();
  });
  const talon = (...argv: readonly string[]) => runIn(files.path, ['dead-letter', ...argv, '-c', 'config.yaml']);
  const did = () => readFileSync(join(files.path, 'did'), 'utf8').trim().split('\n');

  it('are looked at, put back and gone on with: what was done is not done again, and attempts count anew', async () => {
    const first = await startTalon(files.path);
    const { id } = (await (await first.alert(alert('cart'))).json()) as { id: string };
    expect(await first.ended).toBe('SIGKILL');
    const second = await startTalon(files.path);
    await second.line('event set aside');
    expect(did()).toEqual(['step']);
    expect(statSync(join(files.path, 'data', 'control.sock')).mode & 0o777).toBe(0o600);

    const listed = await talon('list', '-o', 'json');
    const reason = 'not finished after its one attempt, which ended with the process';
    expect(JSON.parse(listed.output)).toMatchObject([{ id, attempts: 2, reason }]);
    const shown = await talon('show', id);
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(shown.output).not.toContain('\u001b');
    expect(shown.output).toContain('shell \\u001b[31m in cart');
    expect(shown.output.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- Poison > first (poison:step): success, step',
      '- Poison > second (poison:crash): begun, without a result; a retry finds out whether it was done',
      '- Poison > third (poison:after): without a result; a retry runs it',
    ]);

    // The cause is still there: one attempt ends the process, and the letter is back.
    expect(await talon('retry', id)).toEqual({ code: 0, output: '1 dead letter put back in line\n', errors: '' });
    expect(await second.ended).toBe('SIGKILL');
    const third = await startTalon(files.path);
    await third.line('event set aside');
    expect(JSON.parse((await talon('list', '-o', 'json')).output)).toMatchObject([{ id, attempts: 2, reason }]);

    rmSync(join(files.path, 'cause'));
    expect(await talon('retry', '--all', '-o', 'json')).toMatchObject({ code: 0, errors: '' });
    await third.line('"after"');
    expect(did()).toEqual(['step', 'asked', 'asked', 'crash', 'after']);
    expect((await talon('list')).output).toMatch(/^there are no dead letters in .*data\n$/);

    // Somebody has the queue and does not answer.
    rmSync(join(files.path, 'data', 'control.sock'));
    const { code, errors } = await talon('list');
    expect(code).toBe(1);
    expect(errors).toMatch(
      /^error: no server answers at .*control\.sock, and the queue cannot be opened: .*queue\.sqlite is in use by another process\. Stop it/,
    );
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
    // Without a server the queue itself is opened.
    expect(await talon('drop', id, '-o', 'json')).toMatchObject({
      code: 1,
      output: '{\n  "deleted": []\n}\n',
      errors: expect.stringContaining(`there is no dead letter ${id} in`),
    });
  });

  it.each([
    [['retry'], 2, /name the dead letters, or say --all/],
    [['drop', 'a', '--all'], 2, /not both/],
    [['show'], 2, /dead-letter show needs <id>/],
    [['show', 'x'], 1, /there is no dead letter x in/],
  ])('%j ends with %i', async (argv, code, errors) => {
    expect(await talon(...argv)).toMatchObject({ code, output: '', errors: expect.stringMatching(errors) });
  });
});
