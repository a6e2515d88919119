import { defineActionner, defineContext, definePlugin, expandTokens, strictObject, Type } from '@falco-talon/core';
import { startTestEngine, type TestEngine } from '@falco-talon/testkit/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Says the parameter it was given, with the values of the alert put in. */
const probe = definePlugin({
  name: 'probe',
  category: 'probe',
  actionners: [
    defineActionner({
      name: 'say',
      description: 'Says a text.',
      stability: 'stable',
      sources: 'any',
      continue: true,
      output: 'none',
      idempotent: true,
      permissions: [],
      parameters: strictObject({
        text: Type.String({ description: 'With values of the alert.' }),
        command: Type.Optional(Type.String({ description: 'For a shell.' })),
      }),
      examples: [{ description: 'd', parameters: { text: 'a' } }],
      target: () => undefined,
      run: async ({ parameters, tokens }) => ({
        status: 'success',
        message: expandTokens(parameters.text, tokens()),
        objects: { command: parameters.command ?? '' },
      }),
    }),
  ],
  contexts: [
    defineContext({
      name: 'place',
      description: 'Where it is.',
      elements: { 'aws.region': 'The region.', 'node.hostname': 'The node.' },
      permissions: [],
      fetch: async () => ({ 'aws.region': 'eu-west-3', 'node.hostname': 'node-of-context' }),
    }),
  ],
});

const ALERT = {
  priority: 'Warning',
  hostname: 'node-1',
  source: 'syscalls',
  tags: ['shell', 'T1059'],
  output_fields: {
    'proc.name': 'bash',
    'proc.args[0]': '-c',
    'k8s.ns.label[a-b/c]': 'label',
    'evt.time': 1,
    'user.loginuid': -1,
    'fd.name': '$(reboot) ${PROC_NAME} $HOME',
    'container.image.tag': null,
    'fd.sport': '',
    flag: true,
  },
};

/** The text of a parameter, what it becomes, and what is special about the alert. */
const CASES: readonly (readonly [
  says: string,
  text: string,
  becomes: string,
  alert?: Readonly<Record<string, unknown>> | string,
])[] = [
  ['a field in upper case, its dot as _', '${PROC_NAME}', 'bash'],
  ['an index: [ as _, ] taken out', '${PROC_ARGS_0}', '-c'],
  ['any other character as _', '${K8S_NS_LABEL_A_B_C}', 'label'],
  ['the name of the field itself', '${proc.name}', 'bash'],
  ['the name of the field itself, with an index', '${proc.args[0]}', '-c'],
  ['the priority', '${PRIORITY}', 'Warning'],
  ['the host', '${HOSTNAME}', 'node-1'],
  ['the source, as it is compared', '${SOURCE}', 'syscall'],
  ["Falco's rule", '${RULE}', 'Alert 9'],
  ['the tags', '${TAGS}', 'shell,T1059'],
  ['an element of a context', '${AWS_REGION}', 'eu-west-3'],
  [
    'an element of a context that is called like a field',
    '${NODE_HOSTNAME}',
    'node-of-context',
    { ...ALERT, output_fields: { 'node.hostname': 'a lie' } },
  ],
  ['the rule', '${FALCO_TALON_RULE}', 'Rule 13'],
  ["the rule's continue", '${FALCO_TALON_RULE_CONTINUE}', 'true'],
  ["the rule's dry_run", '${FALCO_TALON_RULE_DRYRUN}', 'false'],
  ['the action', '${FALCO_TALON_RULE_ACTION}', 'Say it'],
  ["the action's continue", '${FALCO_TALON_RULE_ACTION_CONTINUE}', 'true'],
  ["the action's ignore_errors", '${FALCO_TALON_RULE_ACTION_IGNORE_ERRORS}', 'true'],
  [
    'the parameters as JSON',
    '${FALCO_TALON_RULE_ACTION_PARAMETERS}',
    '{"text":"${FALCO_TALON_RULE_ACTION_PARAMETERS}","command":"echo ${FALCO_TALON_RULE} ${FALCO_TALON_X:-y} $1 $?"}',
  ],
  ['the actionner', '${FALCO_TALON_RULE_ACTIONNER}', 'probe:say'],
  ['the documented spelling with a dash', '${FALCO-TALON_RULE_ACTION}', 'Say it'],
  [
    'an alert cannot say what Falco Talon says',
    '${FALCO_TALON_RULE_ACTION}',
    'Say it',
    { ...ALERT, output_fields: { 'falco-talon.rule.action': 'a lie', falco_talon_rule_action: 'a lie' } },
  ],
  ['nor what the keys of an alert say', '${PRIORITY}', 'Warning', { ...ALERT, output_fields: { priority: 'Debug' } }],
  [
    'a number with all its digits',
    '${EVT_TIME}',
    '1731945600482812345',
    '{"output_fields":{"evt.time":1731945600482812345}}',
  ],
  ['a number as Falco wrote it', '${RATE}', '0.50', '{"output_fields":{"rate":0.50}}'],
  ['a negative number', '${USER_LOGINUID}', '-1'],
  ['a boolean', '${FLAG}', 'true'],
  ['a list as JSON', '${PROC_ARGS}', '["a","b c"]', { ...ALERT, output_fields: { 'proc.args': ['a', 'b c'] } }],
  ['an empty value', '<${FD_SPORT}>', '<>'],
  ['a value that looks like a command or a token, as it is', '${FD_NAME}', '$(reboot) ${PROC_NAME} $HOME'],
  ['several in one text', '/tmp/${PROC_NAME}/${USER_LOGINUID}.log', '/tmp/bash/-1.log'],
  ['what is no token stays', '$PROC_NAME $(id) $1 $$ {x}', '$PROC_NAME $(id) $1 $$ {x}'],
  ['a null field is unknown', '${CONTAINER_IMAGE_TAG}', 'failure: ${CONTAINER_IMAGE_TAG} is not a value of this event'],
  ['an unknown name', '${FD_RIP}', 'failure: ${FD_RIP} is not a value of this event'],
  [
    "the server's own environment is not readable",
    '${SECRET_OF_THE_SERVER}',
    'failure: ${SECRET_OF_THE_SERVER} is not a value of this event',
  ],
  [
    'the default values of a shell are none here',
    '${PROC_NAME:-x}',
    'failure: ${PROC_NAME:-x} is not a value of this event',
  ],
  ['a name that is a property of every object', '${__proto__}', 'failure: ${__proto__} is not a value of this event'],
  ['an empty name', '${}', 'failure: ${} is not a value of this event'],
];

function ruleOf(text: string, index: number): object {
  return {
    rule: `Rule ${index + 1}`,
    match: { rules: [`Alert ${index + 1}`] },
    actions: [
      {
        action: 'Say it',
        actionner: 'probe:say',
        parameters: { text, command: 'echo ${FALCO-TALON_RULE} ${FALCO_TALON_X:-y} $1 $?' },
        contexts: ['place'],
        ignore_errors: true,
      },
    ],
  };
}

describe('${NAME} in a parameter', () => {
  let world: TestEngine;
  beforeAll(async () => {
    const rules = JSON.stringify(CASES.map(([, text], index) => ruleOf(text, index)));
    const variables = { SECRET_OF_THE_SERVER: 'canary' };
    world = await startTestEngine({ plugins: [probe], rules, environment: { variables, homeDirectory: '/' } });
    for (const [index, [, , , alert = ALERT]] of CASES.entries()) {
      const text = typeof alert === 'string' ? alert : JSON.stringify(alert);
      await world.post(text.replace('{', `{"rule":"Alert ${index + 1}",`));
    }
    await world.outcomes(CASES.length);
  });
  afterAll(() => world.close());

  it.each(CASES.map(([says, text, becomes], index) => [says, text, becomes, index] as const))(
    '%s: %s',
    (_, _text, becomes, index) => {
      const record = world.records.find(({ rule }) => rule === `Rule ${index + 1}`);
      expect(record?.error === undefined ? record?.result : `${record.status}: ${record.error}`).toBe(becomes);
    },
  );

  it('is left to the shell in a command, but for the spelling with a dash', () => {
    const commands = new Set(world.records.flatMap(({ objects }) => objects?.['command'] ?? []));
    expect([...commands]).toEqual(['echo ${FALCO_TALON_RULE} ${FALCO_TALON_X:-y} $1 $?']);
    expect(JSON.stringify(world.records)).not.toContain('canary');
  });
});
