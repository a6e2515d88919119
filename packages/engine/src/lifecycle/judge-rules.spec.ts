import { defineActionner, definePlugin, strictObject, Type } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../registry/registry.ts';
import { loadRules, type LoadedRules } from '../rules/load-rules.ts';
import type { RuleFile } from '../rules/rule.ts';
import { judgeApart, judgeRules } from './judge-rules.ts';

let validating = () => {};
const say = defineActionner({
  name: 'say',
  description: 'd',
  stability: 'alpha',
  sources: ['syscall'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    word: Type.String({ default: 'hello' }),
    rest: Type.Optional(Type.Object({}, { additionalProperties: true })),
  }),
  idempotent: true,
  permissions: [],
  examples: [{ description: 'd', parameters: { word: 'w' } }],
  validate({ word }) {
    validating();
    return word === 'forbidden' ? [{ path: ['word'], message: 'may not be said' }] : [];
  },
  target: () => undefined,
  run: async () => ({ status: 'success', message: '' }),
});
const registry = buildRegistry([definePlugin({ name: 'spec', category: 'spec', actionners: [say] })]);
const signal = new AbortController().signal;

const files = (...texts: readonly string[]): readonly RuleFile[] =>
  texts.map((text, n) => ({ path: `${n}.yaml`, text }));
const rule = (parameters: string) =>
  `- { rule: x, match: all, actions: [{ action: a, actionner: spec:say, parameters: ${parameters} }] }`;

describe('rules that are judged in a thread of their own', () => {
  it.each([
    [
      'conditions, macros, lists, digits a number would lose, odd keys, warnings',
      files(
        '- { list: names, items: [a, b] }\n- { macro: m, condition: proc.name in (names) or evt.time = 1731945600482812345 }',
        '- { rule: y, match: { condition: m and not rule regex "a.*" }, dry_run: true, actions: [] }\n- { rule: z }',
        rule('{ rest: { n: 1731945600482812345, f: 1.10, __proto__: { a: 1 }, l: [0.0] } }'),
      ),
    ],
    ['mistakes', files('- [', '- { rule: x, match: { rulez: [A] }, actions: [{ action: a, actionner: spec:sag }] }')],
    [
      'what only the code of a plugin finds, in all files, of what is shared too',
      files(
        `${rule('{ word: forbidden }')}\n- { action: s, actionner: spec:say, parameters: { word: forbidden, rest: { n: 1.10 } } }\n`,
        '- { rule: y, match: all, actions: [{ action: s }] }\n- { rule: z, match: all, actions: [{ action: s, parameters: { word: w } }] }',
      ),
    ],
  ])('come to the same: %s', async (_, given) => {
    const expected = loadRules(given, registry);
    const judged = await judgeApart(given, registry, signal);
    expect(judged).toEqual(expected);
    const parametersOf = ({ ruleSet }: LoadedRules) =>
      (ruleSet?.rules ?? []).flatMap(({ actions }) => actions.map((action) => action.parameters));
    const parameters = parametersOf(judged);
    expect(JSON.stringify(parameters)).toBe(JSON.stringify(parametersOf(expected)));
    expect(parameters.filter((one) => !Object.isFrozen(one))).toEqual([]);
  });

  it.each([
    ['apart', judgeApart],
    ['in place', judgeRules],
  ])('are not said to lack what a file that could not be read may have: %s', async (_, judge) => {
    const given = files('- { rule: x, match: { condition: gone }, actions: [{ action: gone }] }');
    expect((await judge(given, registry, signal)).problems).toHaveLength(2);
    expect((await judge(given, registry, signal, false)).problems).toEqual([]);
  });

  it.each([
    ['right', '{}', 0],
    ['what a plugin finds wrong', '{ word: forbidden }', 10],
  ])('let everything else go on meanwhile: %s', async (_, parameters, turnsOfWording) => {
    let turns = 0;
    let turnsBefore = 0;
    validating = () => void (turnsBefore = turns);
    let judging = true;
    const turn = () => {
      turns++;
      if (judging) setImmediate(turn);
    };
    setImmediate(turn);
    // More than is judged in place.
    const many = Array.from(
      { length: 500 },
      (_, n) => `- { rule: r${n}, match: { rules: [F${n}] }, notifiers: [], actions: [] }\n`,
    );
    await judgeRules(files(many.join(''), rule(parameters)), registry, signal);
    judging = false;
    expect(turnsBefore).toBeGreaterThan(10);
    // What is wrong is worded elsewhere, too.
    expect(turns - turnsBefore).toBeGreaterThanOrEqual(turnsOfWording);
  });

  it('are invalid when it fails, and the problem says why', async () => {
    const unclear = { ...registry, contexts: new Map([['odd', { part: { odd: 1n } } as never]]) };
    expect(await judgeApart(files('[]'), unclear, signal)).toMatchObject({
      ruleSet: undefined,
      problems: [{ file: '0.yaml', severity: 'error', message: expect.stringContaining('BigInt') }],
    });
  });

  it('are given up when the process stops', async () => {
    const stopping = new AbortController();
    const judged = judgeApart(files('[]'), registry, stopping.signal);
    stopping.abort();
    await expect(judged).rejects.toMatchObject({ code: 'aborted' });
    await expect(judgeApart(files('[]'), registry, stopping.signal)).rejects.toThrow();
  });
});
