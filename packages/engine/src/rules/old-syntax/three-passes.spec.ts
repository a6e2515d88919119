import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileMatcher } from '../../match/matcher.ts';
import { eventOf } from '../../match/testing-event.ts';
import { rulesOf, testingRegistry } from '../testing-registry.ts';
import { migrateRules } from './migrate-rules.ts';

interface OldRule {
  readonly name: string;
  readonly rules: readonly string[];
  readonly tags: readonly string[];
  readonly actionner: keyof typeof DEFAULTS;
  readonly before: boolean | undefined;
  readonly continue: boolean | undefined;
}

/** What the actionners of the time said of themselves. */
const DEFAULTS = {
  'kubernetes:terminate': { before: false, continue: false, parameters: '{gracePeriodSeconds: 1}' },
  'kubernetes:labelize': { before: false, continue: true, parameters: '{labels: {a: b}}' },
  'kubernetes:networkpolicy': { before: true, continue: true, parameters: '{}' },
  'kubernetes:exec': { before: true, continue: true, parameters: '{command: id}' },
} as const;

/** The names of the rules whose action ran, in order: the three passes of that time, without its mistakes. */
function threePasses(rules: readonly OldRule[], event: { readonly rule: string; readonly tags: readonly string[] }) {
  const matching = rules.filter(
    (rule) =>
      (rule.rules.length === 0 || rule.rules.includes(event.rule)) &&
      (rule.tags.length === 0 || rule.tags.some((tag) => event.tags.includes(tag))),
  );
  const ran: string[] = [];
  let remaining: OldRule[] = [];
  for (const rule of matching) {
    if (rule.before ?? DEFAULTS[rule.actionner].before) ran.push(rule.name);
    else remaining.push(rule);
  }
  for (const rule of remaining) {
    if (rule.continue ?? DEFAULTS[rule.actionner].continue) continue;
    return [...ran, rule.name];
  }
  for (const rule of remaining) ran.push(rule.name);
  return ran;
}

function written(rule: OldRule): string {
  return [
    `- name: ${rule.name}`,
    `  match: {rules: [${rule.rules.join()}], tags: [${rule.tags.join()}]}`,
    `  action: {name: '${rule.actionner}', parameters: ${DEFAULTS[rule.actionner].parameters}}`,
    ...(rule.before === undefined ? [] : [`  before: ${rule.before}`]),
    ...(rule.continue === undefined ? [] : [`  continue: ${rule.continue}`]),
    '',
  ].join('\n');
}

const setting = fc.constantFrom(true, false, undefined);
const oldRule = fc.record({
  rules: fc.subarray(['A', 'B']),
  tags: fc.subarray(['x', 'y']),
  actionner: fc.constantFrom(...(Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[])),
  before: setting,
  continue: setting,
});
/** A file or two, split anywhere. */
const files = fc.tuple(fc.array(oldRule, { minLength: 1, maxLength: 12 }), fc.nat(12)).map(([rules, at]) => {
  const named = rules.map((rule, index): OldRule => ({ ...rule, name: `r${index}` }));
  return [named.slice(0, at), named.slice(at)];
});

const oneByOne = (texts: readonly string[]) => compileMatcher(rulesOf(...texts));
const migrated = (texts: readonly string[]) => {
  const files = texts.map((text, index) => ({ path: `${index}.yaml`, text }));
  return compileMatcher(rulesOf(migrateRules(files, testingRegistry).migrated!.text));
};

it.each([
  ['the order of today does', oneByOne],
  ['migrated rules do', migrated],
])('%s what the three passes did', (_, read) => {
  fc.assert(
    fc.property(files, (split) => {
      const matcher = read(split.map((rules) => rules.map(written).join('')));
      for (const rule of ['A', 'B', 'C']) {
        for (const tags of [[], ['x'], ['y'], ['x', 'y']]) {
          const ran = matcher.match(eventOf({ rule, tags })).map(({ name }) => name);
          expect(ran).toEqual(threePasses(split.flat(), { rule, tags }));
        }
      }
    }),
    { numRuns: 100 },
  );
});
