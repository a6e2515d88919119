import {
  defineActionner,
  defineContext,
  defineGuard,
  definePlugin,
  POD_FIELDS,
  podTarget,
  strictObject,
  Type,
  type Guard,
} from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { compileMatcher } from '../match/matcher.ts';
import { eventOf } from '../match/testing-event.ts';
import { buildRegistry } from '../registry/registry.ts';
import { loadRules } from '../rules/load-rules.ts';
import { explainEvent } from './explain.ts';
import { explanationText } from './explain-text.ts';
import { explainRefusals } from './refusals.ts';

const rest = {
  description: 'For specs.',
  stability: 'alpha',
  sources: 'any',
  continue: true,
  output: 'none',
  idempotent: true,
  run: async () => ({ status: 'success', message: '' }) as const,
} as const;
const copy = defineActionner({
  ...rest,
  name: 'copy',
  parameters: strictObject({ file: Type.String(), names: Type.Record(Type.String(), Type.String(), { default: {} }) }),
  permissions: [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'] },
    { kind: 'aws', actions: ['s3:PutObject'], when: 'it is far' },
  ],
  examples: [{ description: 'd', parameters: { file: 'f', names: {} } }],
  requiredFields: POD_FIELDS,
  target: ({ event }) => podTarget(event),
});
const shell = defineActionner({
  ...rest,
  name: 'shell',
  parameters: strictObject({ command: Type.String() }),
  permissions: [{ kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'] }],
  examples: [{ description: 'd', parameters: { command: 'c' } }],
  target: () => undefined,
});
const node = defineContext({
  name: 'node',
  description: 'd',
  elements: { 'node.zone': 'z' },
  permissions: [{ kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['get'] }],
  fetch: async () => ({}),
});

function registryWith(...guards: Guard[]) {
  return buildRegistry([
    definePlugin({ name: 'p', category: 'spec', actionners: [copy, shell], contexts: [node], guards }),
  ]);
}

function explain(actions: string, fields: Record<string, unknown> = POD, registry = registryWith()) {
  const text = `- rule: r\n  match: all\n  continue: false\n  actions: [${actions}]\n`;
  const { ruleSet, problems } = loadRules([{ path: 'r.yaml', text }], registry);
  expect(problems).toEqual([]);
  const event = eventOf({ fields: JSON.stringify(fields) });
  const deps = {
    matcher: compileMatcher(ruleSet!),
    registry,
    options: { observe: false, defaultNotifiers: [], ruleSetVersion: 'v' },
  };
  return { explanation: explainEvent(event, deps), event, registry };
}

const POD = { 'k8s.pod.name': 'cart', 'k8s.ns.name': 'shop', 'proc.exepath': '/tmp/x', 'proc.args[0]': '$(reboot)' };

describe('what a step would act on', () => {
  it('is told as the server finds it', () => {
    const { explanation } = explain('{action: a, actionner: "spec:copy", parameters: {file: f}}');
    expect(explanation.plan).toMatchObject([
      { target: { kind: 'pod', namespace: 'shop', name: 'cart' }, missing_fields: [], failure: null, refusal: null },
    ]);
    expect(explanationText(explanation)).toContain('       acts on: pod shop/cart\n');
  });

  it('is nothing for an alert that does not tell, and the setting of Falco that helps is named', () => {
    const { explanation } = explain('{action: a, actionner: "spec:copy", parameters: {file: f}}', {
      'k8s.ns.name': '<NA>',
    });
    expect(explanation.plan).toMatchObject([
      { target: null, missing_fields: POD_FIELDS, failure: 'the alert names no pod' },
    ]);
    expect(explanationText(explanation)).toContain(
      'would fail: the alert lacks k8s.pod.name or ka.target.pod.name or ka.target.name, and k8s.ns.name or ka.target.namespace; Falco adds fields to every alert with append_output: [{extra_fields: [k8s.pod.name, k8s.ns.name]}] in falco.yaml\n',
    );
  });

  it('may be nothing at all', () => {
    const { explanation } = explain('{action: a, actionner: "spec:shell", parameters: {command: id}}', {});
    expect(explanation.plan).toMatchObject([{ target: null, missing_fields: [], failure: null }]);
    expect(explanationText(explanation)).not.toContain('acts on');
  });
});

describe('tokens', () => {
  const tokens = (actions: string) => explain(actions).explanation.plan[0]?.tokens;

  it('become the values of the alert, also in maps', () => {
    const parameters = '{file: "${PROC_EXEPATH}.${proc.args[0]}.${NOBODY}", names: {a: "${FALCO_TALON_RULE}"}}';
    expect(tokens(`{action: a, actionner: "spec:copy", parameters: ${parameters}}`)).toEqual({
      PROC_EXEPATH: '/tmp/x',
      'proc.args[0]': '$(reboot)',
      NOBODY: null,
      FALCO_TALON_RULE: 'r',
    });
  });

  it('of a command are the variables that the alert sets; what else a shell knows is its own', () => {
    const command = 'echo "$PROC_EXEPATH" ${PROC_ARGS_0:-none} $HOME $1 ${FALCO-TALON_RULE_ACTION}';
    expect(tokens(`{action: a, actionner: "spec:shell", parameters: {command: '${command}'}}`)).toEqual({
      PROC_EXEPATH: '/tmp/x',
      PROC_ARGS_0: '$(reboot)',
      FALCO_TALON_RULE_ACTION: 'a',
    });
  });

  it('of a context are known when it runs', () => {
    expect(tokens('{action: a, actionner: "spec:copy", contexts: [node], parameters: {file: "${NODE_ZONE}"}}')).toEqual(
      { NODE_ZONE: '(of the context node)' },
    );
  });

  it('are shown in a terminal on lines of their own, with what the alert lacks', () => {
    const { explanation } = explain(
      '{action: a, actionner: "spec:copy", parameters: {file: "${PROC_EXEPATH}${NOBODY}"}}',
      { ...POD, 'proc.exepath': '/tmp/\u001b[2J\n' },
    );
    const text = explanationText(explanation);
    expect(text).toContain('       ${PROC_EXEPATH}: "/tmp/\\u{1b}[2J\\n"\n');
    expect(text).toContain('       ${NOBODY}: the alert does not have it: the action would fail\n');
  });
});

describe('permissions', () => {
  it('are those of the steps and their contexts, each once', () => {
    const { explanation } = explain(
      '{action: a, actionner: "spec:copy", contexts: [node], parameters: {file: f}}, {action: b, actionner: "spec:shell", parameters: {command: c}}',
    );
    expect(explanation.permissions).toEqual([
      { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['get'], for: ['spec:copy', 'spec:shell'] },
      { kind: 'aws', actions: ['s3:PutObject'], when: 'it is far', for: ['spec:copy'] },
      { kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['get'], for: ['node'] },
    ]);
    expect(explanationText(explanation)).toContain(`
Permissions
  get pods (spec:copy, spec:shell)
  aws: s3:PutObject, when: it is far (spec:copy)
  get nodes (node)
`);
  });
});

describe('guards', () => {
  const guard = (name: string, judge: Guard['judge']) => defineGuard({ name, description: 'd', judge });
  const refusal = async (...guards: Guard[]) => {
    const { explanation, event, registry } = explain(
      '{action: a, actionner: "spec:copy", parameters: {file: f}}',
      POD,
      registryWith(...guards),
    );
    const judged = await explainRefusals(explanation, event, { registry, settings: new Map() });
    return { refusal: judged.plan[0]?.refusal, text: explanationText(judged) };
  };

  it('that know without a cluster say so, the first that refuses', async () => {
    const { refusal: reason, text } = await refusal(
      guard('fine', async () => ({ kind: 'allow' })),
      guard('own', async ({ target }) =>
        target.namespace === 'shop' ? { kind: 'deny', reason: 'shop is protected' } : { kind: 'allow' },
      ),
      guard('late', async () => ({ kind: 'hold', reason: 'later', until: 5 })),
    );
    expect(reason).toBe('guard own: shop is protected');
    expect(text).toContain('would be refused: guard own: shop is protected\n');
  });

  it('that want to read something are not known, whatever they make of it', async () => {
    const reading = (after: 'throws' | 'denies') =>
      guard(after, async ({ reads }) => {
        try {
          await (reads as unknown as { box: { look(): Promise<void> } }).box.look();
        } catch (error) {
          if (after === 'throws') throw error;
        }
        return { kind: 'deny', reason: 'cannot look' };
      });
    expect((await refusal(reading('throws'), reading('denies'))).refusal).toBeNull();
  });

  it('that fail without asking anything fail on the server, too', async () => {
    const broken = guard('broken', () => {
      throw new Error('bug');
    });
    expect((await refusal(broken)).refusal).toBe('guard broken: it failed: bug');
  });
});
