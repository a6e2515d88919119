import { defineActionner, definePlugin, strictObject, Type } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../registry/registry.ts';
import { testingRegistry } from '../rules/testing-registry.ts';
import { findDifferences } from './find-differences.ts';
import { LANGUAGE_DIFFERENCES } from './language-differences.ts';
import { differencesOf } from './testing-differences.ts';

const SHARED = `- action: Mark
  actionner: kubernetes:label
  parameters:
    labels: { a: shared, b: shared }
- action: Cut
  actionner: kubernetes:networkpolicy
  parameters:
    allow_cidr: [10.0.0.0/8]
- action: Keep
  actionner: kubernetes:log
  output: { target: aws:s3, parameters: { bucket: evidence } }
`;
const rule = (
  match: string,
  more = '',
  actions = '[{ action: Mark, actionner: kubernetes:label, parameters: { labels: { c: d } } }]',
) => `- rule: R\n  match: ${match}\n  actions: ${actions}\n${more}`;

/** For each difference of the language: rules that have it (the place is told), and ones that nearly have it. */
const CASES: Record<
  Exclude<(typeof LANGUAGE_DIFFERENCES)[number]['id'], 'first-releases'>,
  { has: string[]; at: string; not: string[] }
> = {
  'source-alias': { has: [rule('{ source: syscalls }')], at: '1.yaml:2:20', not: [rule('{ source: syscall }')] },
  'not-equal-never-held': {
    has: [rule('{ output_fields: ["a.b!=c=d"] }')],
    at: '1.yaml:2:28',
    not: [rule('{ output_fields: ["a.b!=c"] }')],
  },
  'value-never-equal': {
    has: [rule(`{ output_fields: ["a.b='c'"] }`)],
    at: '1.yaml:2:28',
    not: [rule(`{ output_fields: ['a.b="c"'] }`)],
  },
  'number-never-equal': {
    has: [rule('{ output_fields: [user.uid=1000660000] }')],
    at: '1.yaml:2:28',
    not: [rule('{ output_fields: [user.uid=100066] }')],
  },
  'null-not-excluded': {
    has: [rule('{ output_fields: ["a.b!=<nil>"] }')],
    at: '1.yaml:2:28',
    not: [rule('{ output_fields: ["a.b!=nil"] }')],
  },
  'comparison-dropped': {
    has: [rule('{ output_fields: ["a.b=c=d"] }')],
    at: '1.yaml:2:28',
    not: [rule('{ output_fields: ["a.b=c"] }')],
  },
  'value-never-excluded': {
    has: [rule(`{ output_fields: ["a.b!='c'"] }`)],
    at: '1.yaml:2:28',
    not: [rule(`{ output_fields: ["a.b!=c"] }`)],
  },
  'number-never-excluded': {
    has: [rule('{ output_fields: [user.uid!=1000660000] }')],
    at: '1.yaml:2:28',
    not: [rule('{ output_fields: [user.uid!=0] }')],
  },
  'null-text': {
    has: [rule('{ output_fields: ["a.b=<nil>"] }')],
    at: '1.yaml:2:28',
    not: [rule('{ output_fields: ["a.b=<NA>"] }')],
  },
  'comma-parts': {
    has: [rule(`{ output_fields: ['a.b="c,d=e"'] }`)],
    at: '1.yaml:2:28',
    not: [rule(`{ output_fields: ['a.b="c",d=e'] }`)],
  },
  'priority-unknown': {
    has: [rule('{ priority: "<Warning" }')],
    at: '1.yaml:2:22',
    not: [rule('{ priority: ">=Warning" }')],
  },
  'tag-blanks': { has: [rule('{ tags: ["a b, c"] }')], at: '1.yaml:2:19', not: [rule('{ tags: ["a, c"] }')] },
  'condition-ignored': {
    has: [rule('{ condition: proc.name = bash }')],
    at: '1.yaml:2:23',
    not: [rule('{ rules: [condition] }')],
  },
  'priority-reset': {
    has: [rule('{ priority: Error }'), '- rule: R\n  continue: false\n'],
    at: '2.yaml:1:3',
    not: [rule('{ priority: Error }'), '- rule: R\n  match: { priority: Notice }\n'],
  },
  'source-reset': {
    has: [rule('{ source: syscall }'), '- rule: R\n  match: { tags: [a] }\n'],
    at: '2.yaml:1:3',
    not: [rule('{ rules: [a] }'), '- rule: R\n  match: { tags: [a] }\n'],
  },
  'action-repeated': {
    has: [SHARED + rule('{ rules: [a] }'), '- rule: R\n  actions: [{ action: Mark }]\n'],
    at: '2.yaml:2:23',
    not: [SHARED + rule('{ rules: [a] }'), '- rule: R\n  actions: [{ action: Keep }]\n'],
  },
  'shared-entry-wins': {
    has: [SHARED, rule('all', '', '[{ action: Mark, parameters: { labels: { a: own, c: own } } }]')],
    at: '2.yaml:3:53',
    not: [SHARED, rule('all', '', '[{ action: Mark, parameters: { labels: { a: shared, c: own } } }]')],
  },
  'list-appended': {
    has: [SHARED, rule('all', '', '[{ action: Cut, parameters: { allow_cidr: [1.1.1.1/32] } }]')],
    at: '2.yaml:3:42',
    not: [
      SHARED,
      rule(
        'all',
        '',
        '[{ action: Other, actionner: kubernetes:networkpolicy, parameters: { allow_cidr: [1.1.1.1/32] } }]',
      ),
    ],
  },
  'list-nested': {
    has: [
      SHARED.replace('allow_cidr: [10.0.0.0/8]', '{}') + rule('all', '', '[{ action: Cut }]'),
      '- action: Cut\n  parameters: { allow_cidr: [1.1.1.1/32] }\n',
    ],
    at: '2.yaml:2:17',
    not: [SHARED, rule('all', '', '[{ action: Cut }]')],
  },
  'parameters-joined': {
    has: [SHARED, rule('all', '', '[{ action: Mark, actionner: kubernetes:log }]')],
    at: '2.yaml:3:40',
    not: [SHARED, rule('all', '', '[{ action: Mark, actionner: kubernetes:label }]')],
  },
  'other-target': {
    has: [
      SHARED + rule('all', '', '[{ action: Keep }]'),
      '- action: Keep\n  output: { target: "local:file", parameters: { destination: /tmp } }\n',
    ],
    at: '2.yaml:2:21',
    not: [SHARED, '- action: Keep\n  output: { target: "aws:s3", parameters: { bucket: other } }\n'],
  },
  'contexts-ignored': {
    has: [
      rule(
        'all',
        '',
        '[{ action: A, actionner: kubernetes:exec, parameters: { command: id }, additional_contexts: [aws] }]',
      ),
    ],
    at: '1.yaml:3:105',
    not: [
      rule(
        'all',
        '',
        '[{ action: A, actionner: kubernetes:exec, parameters: { command: id }, additional_contexts: [] }]',
      ),
    ],
  },
  'notifier-case': {
    has: [rule('all', '  notifiers: [Slack]\n')],
    at: '1.yaml:4:15',
    not: [rule('all', '  notifiers: [slack]\n')],
  },
  'dry-run-told': {
    has: [rule('all', '  dry_run: "true"\n')],
    at: '1.yaml:4:3',
    not: [rule('all', '  dry_run: false\n')],
  },
  refused: { has: [rule('{ tags: [T1562-impair] }')], at: '1.yaml:2:19', not: [rule('{ tags: [T1562_impair] }')] },
};

describe('a difference of the language', () => {
  it('first-releases is told once a file, and nothing else about it', () => {
    const old = (name: string) =>
      `- name: ${name}\n  match: { rules: [a], source: syscalls }\n  action: { name: "kubernetes:terminate" }\n`;
    expect(differencesOf([old('A') + old('B'), rule('{ rules: [a] }')])).toEqual(['1.yaml:1:3 first-releases']);
  });

  it.each(Object.entries(CASES))('%s is told where it is, and only there', (id, { has, at, not }) => {
    expect(differencesOf(has)).toContain(`${at} ${id}`);
    expect(differencesOf(not).filter((line) => line.endsWith(` ${id}`))).toEqual([]);
  });

  it.each([
    ['{ priority: Info }', ''],
    ['{ priority: ">= Notice" }', ''],
    ['all', '  continue: True\n'],
    ['all', '  dry_run: False\n'],
  ])('the rules are refused there: match %s %s', (match, more) => {
    expect(differencesOf([rule(match, more)]).join()).toContain(' refused');
  });

  it('is told once for a shared action, and by the rule it stands in', () => {
    const twice = [
      SHARED,
      rule('all', '', '[{ action: Keep, contexts: [aws] }]'),
      rule('{ tags: [a b] }').replace(': R', ': S'),
    ];
    expect(differencesOf(twice)).toEqual(['2.yaml:3:40 contexts-ignored', '3.yaml:2:19 tag-blanks']);
    const files = [{ path: 'r.yaml', text: rule('{ tags: [a b] }') }];
    expect(findDifferences(files, testingRegistry)[0]?.path).toBe('R.match.tags[0]');
  });
});

it('tells that output parameters were joined, and that actions need an actionner there', () => {
  const other =
    '[{ action: Keep, actionner: kubernetes:log, output: { target: "local:file", parameters: { destination: /tmp } } }]';
  expect(differencesOf([SHARED, rule('all', '', other)])).toEqual(['2.yaml:3:74 parameters-joined']);
  const bare = rule('all', '', '[{ action: A }]');
  const told = differencesOf([bare, '- rule: R\n  actions: [{ action: A, actionner: kubernetes:log }]\n']);
  expect(told).toEqual(['2.yaml:2:23 action-repeated', '1.yaml:3:23 refused']);
});

describe('a difference of an actionner', () => {
  const registry = buildRegistry([
    definePlugin({
      name: 'p',
      category: 'test',
      actionners: [
        defineActionner({
          name: 'wait',
          description: 'For specs.',
          stability: 'alpha',
          sources: 'any',
          continue: true,
          output: 'none',
          idempotent: true,
          permissions: [],
          parameters: strictObject({ seconds: Type.Integer({ default: 1 }), word: Type.Optional(Type.String()) }),
          examples: [{ description: 'd', parameters: { seconds: 1 } }],
          differences: [
            { id: 'always', effect: 'other', there: 'a', here: 'b' },
            {
              id: 'text',
              effect: 'more',
              there: 'a',
              here: 'b',
              parameter: 'seconds',
              applies: ({ parameters }) => parameters['seconds'] === '7',
            },
            {
              id: 'last',
              effect: 'less',
              there: 'a',
              here: 'b',
              applies: ({ isLast, continue: goOn }) => !isLast && goOn === undefined,
            },
          ],
          target: () => undefined,
          run: async () => ({ status: 'success', message: '' }),
        }),
      ],
    }),
  ]);
  const shared = '- action: W\n  actionner: test:wait\n  parameters: { seconds: "7" }\n';

  it('is told of what was written, shared action included, and what a rule does more comes first', () => {
    expect(differencesOf([shared, rule('all', '', '[{ action: W }]')], registry)).toEqual([
      '1.yaml:3:17 test:wait/text',
      '1.yaml:2:14 test:wait/always',
    ]);
    expect(differencesOf([shared, rule('all', '', '[{ action: W, parameters: { seconds: 7 } }]')], registry)).toEqual([
      '1.yaml:2:14 test:wait/always',
    ]);
  });

  it('may depend on what stands beside the parameters', () => {
    const two = (first: string) => rule('all', '', `[{ action: W${first} }, { action: V, actionner: test:wait }]`);
    expect(differencesOf([shared, two('')], registry)).toContain('1.yaml:2:14 test:wait/last');
    expect(differencesOf([shared, two(', continue: true')], registry).join()).not.toContain('last');
  });
});
