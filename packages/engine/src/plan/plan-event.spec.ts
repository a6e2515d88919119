import { parseJson } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../rules/testing-registry.ts';
import { planEvent } from './plan-event.ts';

const OPTIONS = { observe: false, defaultNotifiers: [], ruleSetVersion: 'v1' };
const event = { id: 'e1' };
const log = (name: string, more = '') => `    - {action: ${name}, actionner: kubernetes:log${more}}\n`;
const rule = (name: string, actions: string, more = '') =>
  `- rule: ${name}\n  match: all\n  actions:\n${actions}${more}`;

describe('planning an event', () => {
  it('makes a chain of each rule, with everything a step needs', () => {
    const { rules } = rulesOf(
      rule(
        'first',
        log('a', ', contexts: [aws], output: {target: local:file, parameters: {destination: /x}}') +
          '    - {action: b, actionner: kubernetes:terminate, ignore_errors: true}\n',
        '  notifiers: [Slack]\n',
      ),
      '- rule: second\n  match: all\n  continue: false\n',
    );
    expect(planEvent(event, rules, { ...OPTIONS, defaultNotifiers: ['WebHook', 'slack'] })).toEqual({
      ruleSet: 'v1',
      chains: [
        {
          rule: 'first',
          steps: [
            {
              id: 'e1/first/a/0',
              rule: 'first',
              ruleSet: 'v1',
              ruleContinue: true,
              action: 'a',
              actionner: 'kubernetes:log',
              parameters: { tail_lines: 20 },
              contexts: ['aws'],
              output: { target: 'local:file', parameters: { destination: '/x' } },
              notifiers: ['webhook', 'slack'],
              continue: true,
              ignoreErrors: false,
              dryRun: false,
            },
            {
              id: 'e1/first/b/1',
              rule: 'first',
              ruleSet: 'v1',
              ruleContinue: true,
              action: 'b',
              actionner: 'kubernetes:terminate',
              parameters: { ignore_daemonsets: false },
              contexts: [],
              notifiers: ['webhook', 'slack'],
              continue: false,
              ignoreErrors: true,
              dryRun: false,
            },
          ],
        },
        { rule: 'second', steps: [] },
      ],
    });
  });

  it('keeps the steps behind one whose continue is false, since its status decides', () => {
    const { rules } = rulesOf(rule('r', log('a', ', continue: false') + log('b')));
    expect(planEvent(event, rules, OPTIONS).chains[0]?.steps.map(({ action }) => action)).toEqual(['a', 'b']);
  });

  it('is a dry run when the rule or the mode says so', () => {
    const { rules } = rulesOf(rule('dry', log('a'), '  dry_run: true\n'), rule('wet', log('a')));
    const dryRuns = (observe: boolean) =>
      planEvent(event, rules, { ...OPTIONS, observe }).chains.map(({ steps }) => steps[0]?.dryRun);
    expect(dryRuns(false)).toEqual([true, false]);
    expect(dryRuns(true)).toEqual([true, true]);
  });

  it('gives every step an id of its own with four parts, whatever names hold', () => {
    const { rules } = rulesOf(
      rule('a/b', log('c') + log('c')),
      rule('a', log('b/c') + log('b%2Fc')),
      rule('../é %', log('..')),
    );
    const ids = planEvent(event, rules, OPTIONS).chains.flatMap(({ steps }) => steps.map(({ id }) => id));
    expect(ids).toEqual(['e1/a%2Fb/c/0', 'e1/a%2Fb/c/1', 'e1/a/b%2Fc/0', 'e1/a/b%252Fc/1', 'e1/..%2Fé %25/../0']);
  });

  it('survives a journal', () => {
    const { rules } = rulesOf(rule('r', log('a')));
    const plan = planEvent(event, rules, OPTIONS);
    expect(parseJson(JSON.stringify(plan))).toEqual(plan);
  });
});
