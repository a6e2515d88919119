import { parseJson } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { expect, it } from 'vitest';
import { STEP } from '../act/testing-step.ts';
import { tokensOf } from './tokens.ts';

const step = { ...STEP, rule: 'My rule', action: 'My action', parameters: { a: [1, 'x'] }, ignoreErrors: true };

it('names what SPEC promises', () => {
  const event = falcoEvent({
    rule: 'Shell',
    priority: 'Info',
    source: 'syscall',
    hostname: 'node-7',
    tags: ['a', 'b'],
    fields: {
      'proc.args[0]': 'x',
      'k8s.ns.label[a-b/c]': 'l',
      'evt.time': parseJson('1731945600482812345'),
      '2fast': 'd',
      flag: false,
      list: [1, null],
      none: null,
    },
  });
  const tokens = tokensOf(
    event,
    step,
    new Map([
      ['aws.region', 'eu-1'],
      ['node.hostname', 'n'],
    ]),
  );
  expect(Object.fromEntries(tokens)).toEqual({
    PROC_ARGS_0: 'x',
    K8S_NS_LABEL_A_B_C: 'l',
    EVT_TIME: '1731945600482812345',
    _2FAST: 'd',
    FLAG: 'false',
    LIST: '[1,null]',
    AWS_REGION: 'eu-1',
    NODE_HOSTNAME: 'n',
    PRIORITY: 'Info',
    HOSTNAME: 'node-7',
    SOURCE: 'syscall',
    RULE: 'Shell',
    TAGS: 'a,b',
    FALCO_TALON_RULE: 'My rule',
    FALCO_TALON_RULE_CONTINUE: 'true',
    FALCO_TALON_RULE_DRYRUN: 'false',
    FALCO_TALON_RULE_ACTION: 'My action',
    FALCO_TALON_RULE_ACTION_CONTINUE: 'true',
    FALCO_TALON_RULE_ACTION_IGNORE_ERRORS: 'true',
    FALCO_TALON_RULE_ACTION_PARAMETERS: '{"a":[1,"x"]}',
    FALCO_TALON_RULE_ACTIONNER: 'spec:act',
  });
});

it('an alert cannot lie about what Falco Talon or a context says', () => {
  const fields = {
    'falco-talon.rule': 'lie',
    FALCO_TALON_RULE_ACTION: 'lie',
    rule: 'lie',
    priority: 'lie',
    'aws.region': 'lie',
  };
  const tokens = tokensOf(
    falcoEvent({ rule: 'Shell', fields }),
    step,
    new Map([
      ['aws.region', 'eu-1'],
      ['rule', 'lie'],
    ]),
  );
  expect([...tokens.values()]).not.toContain('lie');
});

it('a hostile value stays a value, and no name is more than a name', () => {
  const hostile = '$(reboot)`id`;\n${AWS_SECRET}\u0000';
  const event = falcoEvent({
    fields: { 'fd.name': hostile, __proto__: hostile, 'PATH;rm -rf /': 'x', 'é\u0000$(x)': 'y' },
  });
  const tokens = tokensOf(event, step, new Map());
  expect(tokens.get('FD_NAME')).toBe(hostile);
  for (const name of tokens.keys()) expect(name).toMatch(/^[A-Z_][A-Z0-9_]*$/);
});
