import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createRandom, mutate, pick, type Random } from '../condition/testing-mutations.ts';
import { formatProblems } from './format-problem.ts';
import type { Problem, RuleFile } from './rule.ts';
import { load } from './testing-registry.ts';

/** `npm run bench -- mutations` tries 100,000 of them, `RULES_MUTATIONS=5000000 vitest run mutated-files` even more. */
const ROUNDS = Number(process.env['RULES_MUTATIONS'] ?? 10_000);

/** Small ones, since very many are read; together they have every construct. */
const SEEDS = [
  '- rule: r\n  match: {rules: [x], priority: ">=Info"}\n  continue: false\n',
  '- rule: r\n  match:\n    tags: ["a, b", c]\n    source: syscalls\n  dry_run: "true"\n',
  '- rule: r\n  match: {output_fields: ["a=b, c!=\'d, e\'", "f[x]=1"]}\n',
  '- rule: r\n  match: all\n  notifiers: [slack]\n  actions:\n  - action: a\n',
  '- rule: r\n  description: >\n    two\n    lines\n  continue:\n',
  '- rule: r\n  override: {rules: replace}\n  match: {rules: [y]}\n',
  '- action: a\n  actionner: kubernetes:label\n  parameters: {labels: {a/b: true, c: 1.10}}\n',
  '- action: a\n  actionner: kubernetes:log\n  contexts: [aws]\n  output: {target: aws:s3}\n',
  '- rule: s\n  actions: [{action: a, actionner: kubernetes:terminate}]\n',
  '- rule: s\n  match: {condition: m and not a.b in (l)}\n',
  '- macro: m\n  condition: a.b startswith "x" or c.d exists\n',
  '- macro: m\n  condition: and e.f = 1\n  append: true\n',
  '- list: l\n  items: [a, "b c", 80]\n  override: {items: append}\n',
  "- rule: 'it''s'\n  match:\n    condition: |\n      rule = \"x\"\n",
  '- &x {rule: "\\u0061", match: &y {rules: &z [q]}}\n- *x # c\n',
  '- &x {rule: b, match: *y, notifiers: *z}\n',
  '- name: o\n  match: {rules: [x]}\n  action: {name: kubernetes:labelize}\n  before: true\n',
];
const PIECES = [
  ...Array.from('[]{}:,-#&*!|>\'"%@`~?\\\n \t\r\0\u2028\ud8000日👍'),
  ...'\n- _\n  _: _<<: *p_---\n_...\n_*x_&x '.split('_'),
  ...'__proto__: |constructor|rule: |match: |actions: |override: {rules: replace}|not | and (|null|yes|1e999'.split(
    '|',
  ),
];

function mutateFile(text: string, random: Random): string {
  const kind = random(9);
  if (kind < 4) return mutate(text, PIECES, random);
  return kind === 4 ? text + pick(SEEDS, random) : mutateLines(text.split('\n'), random).join('\n');
}

/** Indentation and order of lines: what a file's structure is made of. */
function mutateLines(lines: string[], random: Random): string[] {
  const at = random(lines.length);
  const line = lines[at]!;
  switch (random(5)) {
    case 0:
      return lines.with(at, `  ${line}`);
    case 1:
      return lines.with(at, line.replace(/^ {1,2}/, ''));
    case 2:
      return lines.toSpliced(at, 1);
    case 3:
      return lines.toSpliced(at, 0, pick(lines, random));
    default:
      return lines.with(at, pick(pick(SEEDS, random).split('\n'), random));
  }
}

function check(problems: readonly Problem[], file: RuleFile): void {
  const lines = file.text.replace(/^\uFEFF/, '').split('\n');
  for (const { line, column, length = 1, message } of problems) {
    const written = lines[line - 1];
    const isInside = written !== undefined && column >= 1 && column <= written.length + 1 && length >= 0;
    if (!isInside || message === '') throw new Error(`${message} at ${line}:${column}+${length}`);
  }
}

/** Bytes in use after everything that can be collected has been. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
  return process.memoryUsage().heapUsed;
}

describe(`${ROUNDS} mutated rules files`, () => {
  it(
    'are loaded or refused, with a place in the file for every mistake',
    { timeout: Math.max(120_000, ROUNDS) },
    () => {
      const random = createRandom();
      const prototype = Reflect.ownKeys(Object.prototype);
      let loaded = 0;
      let before = 0;
      for (let round = 0; round < ROUNDS; round++) {
        let text = pick(SEEDS, random);
        for (let times = 1 + random(3); times > 0; times--) text = mutateFile(text, random);
        const file = { path: '1.yaml', text };
        try {
          const { ruleSet, problems } = load(text);
          check(problems, file);
          if ((ruleSet === undefined) !== problems.some(({ severity }) => severity === 'error'))
            throw new Error('refused without an error, or loaded with one');
          if (ruleSet) loaded++;
          if (round % 10 === 0) formatProblems(problems, [file]);
        } catch (error) {
          throw new Error(`round ${round}: ${JSON.stringify(text)}`, { cause: error });
        }
        if (round === Math.floor(ROUNDS / 2)) before = heapInUse();
      }
      expect(loaded).toBeGreaterThan(ROUNDS / 20);
      expect(heapInUse() - before).toBeLessThan(16 * 1024 * 1024);
      expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype);
    },
  );
});
