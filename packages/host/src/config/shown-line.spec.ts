import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { formatConfigProblem } from './origins.ts';
import { directory, loaded } from './testing-config.ts';

afterAll(() => rmSync(directory, { recursive: true }));

/** The last error with the line below it; undefined when no line is shown. */
async function frame(text: string): Promise<string | undefined> {
  const { problems } = await loaded(text);
  return formatConfigProblem(problems.at(-1)!)
    .split('\n')
    .slice(1)
    .find((line) => /^ +\d+ \|/.test(line))
    ?.replace(/^ +\d+ \| /, '');
}

it.each([
  ['a value', 'watch_rules: true\nlisten_port: x\n', 'listen_port: x'],
  ['no comment', 'listen_port: x # a\n', 'listen_port: x'],
  ['an unknown key without what it holds', 'listen_prot: a\n', 'listen_prot: …'],
  ['what stands before a secret', 'cloud: {regin: a}\n', 'cloud: {regin: …'],
  ['a secret not', 'cloud: {key: [CANARY]}\n', 'cloud: {key: […'],
  ['nothing behind a secret', 'cloud: {key: CANARY, regin: a}\n', undefined],
  [
    'a value behind others',
    'intake: {max_body_bytes: 1, max_in_flight: x}\n',
    'intake: {max_body_bytes: 1, max_in_flight: x}',
  ],
  ['no address with a password', 'listen_port: http://a:b@c\n', 'listen_port: …'],
  ['nothing of a line on which a secret ends', '{cloud: {key: "CANARY\n CANARY"}, listen_port: x}\n', undefined],
  ['an item of a list', 'rules_files:\n  - a\n  - [b]\n', '  - [b]'],
  ['the path of a secret', 'cloud: {token_file: absent}\n', 'cloud: {token_file: absent}'],
  ['what nobody owns not', 'aws: {x: a}\nlisten_port: x\n', 'listen_port: x'],
])('shows %s', async (_, text, expected) => {
  expect(await frame(text)).toBe(expected);
});
