import { expect, it } from 'vitest';
import { ruleSet } from './rule-sets.ts';
import { judge } from './verdict.ts';

it('the verdict sees a mixture of rule sets, invalid rules, and what is missing', () => {
  const event = (version: string, first: number, second: number, more: object[] = []) =>
    [
      { message: 'event', rules_version: version },
      { message: 'match', rules_version: version, rule: 'first' },
      { message: 'match', rules_version: version, rule: 'second' },
      {
        message: 'action',
        rules_version: version,
        rule: 'first',
        action: `first-${first}`,
        result: String(first),
        status: 'success',
      },
      {
        message: 'action',
        rules_version: version,
        rule: 'second',
        action: `second-${second}`,
        result: String(second),
        status: 'success',
      },
      ...more,
    ]
      .map((line) => JSON.stringify({ ...line, trace_id: 't' }))
      .join('\n');
  const wrong = (log: string) => judge(log, '').wrong.join();
  expect(wrong(event('v', 3, 3))).toBe('');
  expect(wrong(event('v', 3, 4))).toContain('acted first-3');
  expect(wrong(event('v', 2, 2))).toContain('invalid rules 2');
  expect(wrong(event('v', 3, 3, [{ message: 'action', rules_version: 'w' }]))).toContain('two rule sets');
  expect(wrong(event('v', 3, 3).split('\n').slice(0, 4).join('\n'))).toContain('acted');
  expect(wrong(`${event('v', 3, 3)}\n${event('v', 4, 4).replaceAll('"t"', '"u"')}`)).toContain('another number');
  expect(judge('', 'created\ncreated\nclosed\n')).toMatchObject({ clientsTooMany: 1, clientsLeft: 1 });
  expect(Object.keys(ruleSet(2))).toEqual(Object.keys(ruleSet(0)));
});
