import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG, RULES, run } from '../testing-program.ts';

const FILES = {
  'config.yaml': CONFIG,
  'rules.yaml': `${RULES}- rule: Never\n  match: { rules: [nothing] }\n  continue: false\n`,
};
const SHELL = '{"rule":"Terminal shell in container","output_fields":{"n":1731945600482812345,"r":0.0,"big":1e309}}';
const OTHER = '{"rule":"other"}';
const explain = (events: string, ...more: string[]) =>
  run(['explain', '--event', 'e.json', ...more], { ...FILES, 'e.json': events });

interface Explained {
  readonly event: { readonly rule: string };
  readonly rules: readonly { readonly rule: string }[];
  readonly plan: readonly unknown[];
}

describe('explain', () => {
  it.each([
    ['a list of one', `[${SHELL}]`, 1],
    ['a list', `[${SHELL},${OTHER}]`, 2],
    ['one a line', `${SHELL}\n${OTHER}\n`, 2],
    ['as jq prints them', `${JSON.stringify(JSON.parse(OTHER), undefined, 2)}\n{\n}`.replace('{\n}', OTHER), 2],
  ])('prints a list for %s', async (_, events, count) => {
    for (const format of ['json', 'yaml']) {
      const { code, stdout } = await explain(events, '-o', format);
      expect(code).toBe(0);
      const list = (format === 'json' ? JSON.parse(stdout) : parse(stdout)) as Explained[];
      expect(list.map(({ event }) => event.rule)).toHaveLength(count);
    }
  });

  it('prints one alone without a list, with every digit in every format', async () => {
    const json = await explain(SHELL, '-o', 'json');
    expect(json.stdout).toContain('"n": 1731945600482812345,\n      "r": 0.0,\n      "big": 1e309');
    expect(JSON.parse(json.stdout)).toMatchObject({ event: { rule: 'Terminal shell in container' } });
    const yaml = await explain(SHELL, '-o', 'yaml');
    expect(yaml.stdout).toContain('n: 1731945600482812345\n    r: 0.0\n    big: 1e309\n');
    expect(parse(yaml.stdout)).toMatchObject({ plan: [{ action: 'Note it' }] });
  });

  it('reads the standard input', async () => {
    const bytes = Buffer.from(`{"rule":"ä"}\n${OTHER}`);
    const stdin = () => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]);
    const { stdout } = await run(['explain', '--event', '-', '-o', 'json'], FILES, { stdin });
    expect((JSON.parse(stdout) as Explained[]).map(({ event }) => event.rule)).toEqual(['ä', 'other']);
    const broken = await run(['explain', '--event', '-'], FILES, { stdin: () => Readable.from([Buffer.from('x')]) });
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringMatching(/^standard input: this is not JSON/) });
  });

  it('ends with how often each rule matched, when there are several alerts', async () => {
    const { stdout } = await explain([SHELL, OTHER, SHELL].join('\n'));
    expect(stdout).toMatch(
      /\nSummary of 3 alerts: how many each rule matched\n {2}2 {2}Shell\n {2}0 {2}Never: never matched\n {2}1 {2}\(no rule\)\n$/,
    );
    expect((await explain(SHELL)).stdout).not.toContain('Summary');
  });

  it('shows one rule only, and knows those there are', async () => {
    const { stdout } = await explain(SHELL, '--rule', 'Never', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ rules: [{ rule: 'Never' }], plan: [] });
    const both = await explain(SHELL, '--rule', 'Never', '--rule', 'Shell', '-o', 'json');
    expect((JSON.parse(both.stdout) as Explained).rules.map(({ rule }) => rule)).toEqual(['Shell', 'Never']);
    expect(await explain(SHELL, '--rule', 'Shel')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'falco-talon: --rule: there is no rule "Shel"; did you mean "Shell"?\n',
    });
  });

  it('says where a file goes wrong, after what came before it', async () => {
    const { code, stdout, stderr } = await explain(`${SHELL}\n${OTHER}\n{"priority":1}\n${OTHER}`, '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stderr).toBe('e.json: alert 3: "rule" must be the name of a Falco rule, not absent (it begins in line 3)\n');
    expect((await run(['explain', '--event', '.'], FILES)).stderr).toContain('this is a directory');
    expect((await explain('\u001b[2J')).stderr).not.toContain('\u001b');
  });

  it('holds no more than a piece of a large file', async () => {
    let asked = 0;
    const stdin = () =>
      Readable.from(
        (function* alerts() {
          for (; asked < 2_000; asked++) yield Buffer.from(`${OTHER}\n`);
        })(),
      );
    const written: number[] = [];
    const { Writable } = await import('node:stream');
    const stdout = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        written.push(asked);
        setImmediate(done);
      },
    });
    await run(['explain', '--event', '-', '-o', 'json'], FILES, { stdin, stdout });
    expect(written.length).toBeGreaterThan(1_990);
    expect(written[10]).toBeLessThan(200);
  });
});
