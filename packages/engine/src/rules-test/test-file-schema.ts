import { strictObject, Type, type Static } from '@falco-talon/core';

const name = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });
const path = (description: string) => Type.String({ minLength: 1, maxLength: 1000, description });
const texts = (description: string) => Type.Array(Type.String({ minLength: 1 }), { maxItems: 1000, description });
const map = (description: string) => Type.Object({}, { additionalProperties: true, description });

const event = (description: string) =>
  strictObject(
    {
      rule: Type.Optional(name("The Falco rule's name. Every alert has one; all other keys may be left out.")),
      priority: Type.Optional(
        Type.String({
          description: 'As Falco writes it, in any case. Without one no criterion on the priority holds.',
        }),
      ),
      source: Type.Optional(Type.String({ description: 'Where the alert comes from; syscall when it is left out.' })),
      hostname: Type.Optional(Type.String({ description: 'The node that raised the alert.' })),
      output: Type.Optional(Type.String({ description: 'The text of the alert.' })),
      time: Type.Optional(Type.String({ description: 'When Falco raised it.' })),
      uuid: Type.Optional(Type.String({ description: 'An id the sender gave it.' })),
      tags: Type.Optional(texts("The Falco rule's tags.")),
      output_fields: Type.Optional(map('The fields of the alert with their values, of any type.')),
      context: Type.Optional(map('Facts the sender added.')),
    },
    { description },
  );

const output = strictObject({
  target: Type.Optional(name('The output: local:file.')),
  parameters: Type.Optional(map('Some of its parameters; those that are not listed may have any value.')),
  wait: Type.Optional(Type.Boolean({ description: 'Whether the next action waits for the upload.' })),
});

const action = strictObject({
  action: name("The action's name."),
  actionner: Type.Optional(name('What it does: kubernetes:terminate.')),
  parameters: Type.Optional(
    map(
      'Some of its parameters, also of maps in them; those that are not listed may have any value. Lists are compared whole.',
    ),
  ),
  exact: Type.Optional(
    Type.Boolean({ description: 'The parameters listed are all there are, those with a default included.' }),
  ),
  contexts: Type.Optional(texts('All contexts fetched before it runs, in any order.')),
  output: Type.Optional(
    Type.Union([output, Type.String({ minLength: 1 })], {
      description: 'Where its artifact goes: the name of the output, a map with target and parameters, or none.',
    }),
  ),
  target: Type.Optional(
    Type.String({ minLength: 1, description: 'What it acts on: pod shop/cart-x2x9z; none when it touches nothing.' }),
  ),
  tokens: Type.Optional(
    map(
      'Some of the names in its parameters (PROC_NAME for ${PROC_NAME}) and what they are for this alert; null: nothing.',
    ),
  ),
  continue: Type.Optional(Type.Boolean({ description: "Whether the rule's next action runs after it." })),
  ignore_errors: Type.Optional(Type.Boolean({ description: 'Whether the next action runs after it failed.' })),
});

const rule = strictObject({
  rule: name("The rule's name."),
  actions: Type.Optional(
    Type.Array(Type.Union([action, name("The action's name.")]), {
      maxItems: 1000,
      description: 'All its actions in order, each as its name or as a map. Left out: they are not looked at.',
    }),
  ),
  notifiers: Type.Optional(texts('All who are told, default_notifiers of the configuration included, in any order.')),
  continue: Type.Optional(Type.Boolean({ description: 'Whether later rules are tried after it matched.' })),
  dry_run: Type.Optional(Type.Boolean({ description: 'Whether it only says what it would do.' })),
});

const test = strictObject({
  test: name('What is tested: a name no other test of the file has.'),
  description: Type.Optional(Type.String({ description: 'For people.' })),
  event: Type.Optional(event("The alert, or what differs from event_file and from the file's own event.")),
  event_file: Type.Optional(path('A file with one alert as Falco sends it, as seen from this file.')),
  expect: Type.Union(
    [Type.Array(Type.Union([rule, name("The rule's name.")]), { maxItems: 1000 }), Type.Literal('none')],
    {
      description:
        'The rules that match, in order, each as its name or as a map that says more; none when no rule may match.',
    },
  ),
  allow_others: Type.Optional(
    Type.Boolean({ description: 'Rules that match although they are not listed are fine, too. Default: false.' }),
  ),
});

/** A file of tests for rules, as `falco-talon rules test` reads it. */
export const testFileSchema = strictObject(
  {
    rules: Type.Optional(
      Type.Array(path('A rules file or a directory of them.'), {
        minItems: 1,
        maxItems: 100,
        description:
          'The rules under test, as seen from this file. Left out: those of --rules, else those of the configuration.',
      }),
    ),
    event: Type.Optional(event('What all alerts of this file have in common; keys of a test win.')),
    tests: Type.Array(test, {
      minItems: 1,
      maxItems: 10_000,
      description: 'Each an alert and what is expected of the rules.',
    }),
  },
  { description: 'Tests for the rules of Falco Talon: an alert, and what the rules make of it.' },
);

export type TestFileContent = Static<typeof testFileSchema>;
export type TestContent = TestFileContent['tests'][number];
export type ExpectedRule = Exclude<Exclude<TestContent['expect'], 'none'>[number], string>;
export type ExpectedAction = Exclude<NonNullable<ExpectedRule['actions']>[number], string>;
