import { describe, expect, it } from 'vitest';
import { load } from './testing-registry.ts';

const rule = (body: string) => `- rule: r\n  match: {rules: [x]}\n${body}`;
const action = (body: string) => rule(`  actions:\n    - action: a\n${body.replaceAll(/^/gm, '      ')}\n`);
const log = (body: string) => action(`actionner: kubernetes:log\n${body}`);

/** What is underlined, and the message up to the lists of what is allowed. */
function mistakesOf(text: string): string[] {
  return load(text)
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ line, column, length = 1, message }) => {
      const lines = text.split('\n').slice(line - 1);
      const underlined = lines.join('\n').slice(column - 1, column - 1 + length);
      return `${underlined} -> ${message.replace(/ \((?:known|allowed here): .*\)/, '')}`;
    });
}

describe('a mistake is told with what to write instead', () => {
  it.each<[string, string]>([
    ['- rules: x\n', 'rules: x -> a block begins with - rule:, - action:, - macro: or - list:; did you mean rule?'],
    ['- rule:x\n', 'rule:x -> a space is missing after the colon'],
    [
      'rule: x\nmatch: all',
      'rule: x\nmatch: all -> a rules file is a list of blocks, each beginning with - rule: or - action:; write "- " before this',
    ],
    [rule('  continue: yes'), 'yes -> must be true or false, not "yes"; write true'],
    [rule('  dry_run: Off'), 'Off -> must be true or false, not "Off"; write false'],
    [rule('  desc: x\n  continue: false'), 'desc -> unknown key "desc"; did you mean description?'],
    [rule('  priority: Error\n  continue: false'), 'priority -> unknown key "priority" here; it belongs under match'],
    [
      rule('  actionner: kubernetes:log\n  continue: false'),
      'actionner -> unknown key "actionner" here; it belongs to an action, under actions',
    ],
    [
      rule('  actions:\n    a: kubernetes:log'),
      'actions -> must be a list, not a map; each item begins with - action: NAME',
    ],
    [
      '- rule: r\n  match: [x]\n',
      '[x] -> must be a map of keys and values, not a list; or the word all, for every event',
    ],
    ['- rule: r\n  match: {rules: Shell}\n', 'Shell -> must be a list, not "Shell"; write ["Shell"]'],
    [
      '- rule: r\n  match: {priority: Warn}\n',
      'Warn -> "Warn" is not a priority; did you mean Warning? (allowed: Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug)',
    ],
    ['- rule: r\n  match: {priority: =>Notice}\n', '=>Notice -> => is not a comparator (allowed: < <= > >= =)'],
    ['- rule: r\n  match: {tags: ["a, b,, c"]}\n', ', -> a tag is missing beside a comma'],
    [
      '- rule: r\n  match: {output_fields: ["a=b, fd.rport>=1024"]}\n',
      '>= -> >= is not an operator here (allowed: = !=); more can be said under match.condition',
    ],
    [
      '- rule: r\n  match: {output_fields: ["a=b, c in (d)"]}\n',
      'c in (d) -> "c in (d)" has no operator of this list (allowed: = !=); more can be said under match.condition',
    ],
    ['- rule: r\n  match: {output_fields: ["a=b, c="]}\n', 'c= -> c has no value; write "" for an empty text'],
    [log('notifiers: [slack]'), 'notifiers -> unknown key "notifiers" here; it belongs to the rule'],
    [log('arguments: {}'), 'arguments -> unknown key "arguments" here; it is called parameters'],
    [
      log('tail_lines: 5'),
      'tail_lines -> unknown key "tail_lines" here; what its actionner takes belongs under parameters',
    ],
    [
      log('output: aws:s3'),
      'aws:s3 -> must be a map of keys and values, not "aws:s3"; write output: {target: NAME, parameters: {…}}',
    ],
    [
      log('output: {target: aws:s3, bucket: b, parameters: {bucket: b}}'),
      'bucket -> unknown key "bucket" here; what its target takes belongs under parameters',
    ],
    [
      action('actionner: kubernetes'),
      'kubernetes -> "kubernetes" is a category, not an actionner; write which one of it',
    ],
    [action('actionner: terminate'), 'terminate -> unknown actionner "terminate"; did you mean kubernetes:terminate?'],
    [
      action('actionner: slack'),
      'slack -> "slack" is a notifier, not an actionner; a rule asks for it with notifiers: [slack]',
    ],
    [
      action('actionner: smtp'),
      'smtp -> "smtp" is a notifier, not an actionner; a rule asks for it with notifiers: [smtp]',
    ],
    [
      action('actionner: aws:s3'),
      'aws:s3 -> "aws:s3" is an output, not an actionner; it is where an action stores what it made: output: {target: aws:s3}',
    ],
    [
      action('actionner: aws:lambda'),
      'aws:lambda -> no loaded plugin brings the actionner "aws:lambda"; name one that does under plugins in the config, or take this out',
    ],
    [
      log('output: {target: gcp:gcs}'),
      'gcp:gcs -> no loaded plugin brings the output "gcp:gcs"; name one that does under plugins in the config, or take this out',
    ],
    [
      log('output: {target: kubernetes:exec}'),
      'kubernetes:exec -> "kubernetes:exec" is an actionner, not an output; it is what an action does: actionner: kubernetes:exec',
    ],
    [
      rule('  continue: false\n  notifiers: [Loki]'),
      'Loki -> no loaded plugin brings the notifier "loki"; name one that does under plugins in the config, or take this out',
    ],
    [
      log('contexts: [slack]'),
      'slack -> "slack" is a notifier, not a context; a rule asks for it with notifiers: [slack]',
    ],
  ])('%j', (text, expected) => {
    expect(mistakesOf(text)).toEqual([expected]);
  });

  it.each([
    ['a misspelt actionner', action('actioner: kubernetes:log')],
    ['misspelt parameters', action('actionner: kubernetes:label\nparameter: {labels: {a: b}}')],
    ['one misspelt parameter', action('actionner: kubernetes:label\nparameters: {labls: {a: b}}')],
    ['misspelt actions', rule('  acitons: [{action: a, actionner: kubernetes:log}]')],
    ['an action without a name', rule('  actions: [Label]')],
    ['a misspelt match', '- rule: r\n  mach: {rules: [x]}\n  continue: false'],
    [
      'a shared action of another spelling',
      `- actoin: a\n  actionner: kubernetes:log\n${rule('  actions: [{action: a}]')}`,
    ],
    ['a shared action without a name', `- action: \n  actionner: kubernetes:log\n${rule('  actions: [{action: a}]')}`],
    ['a label without a value', action('actionner: kubernetes:label\nparameters: {labels: {a: }}')],
  ])('once: nothing more is said of %s', (_, text) => {
    expect(load(text).problems).toHaveLength(1);
  });
});
