import { RECORDED_ALERTS } from '@falco-talon/testkit';
import { defineQueue, definePlugin, emptyObject, type Delivery, type Entry } from '@falco-talon/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeAlert } from '../decode/decode-alert.ts';
import { engines, newWorld, pluginOf } from '../lifecycle/testing-world.ts';
import { compileMatcher } from '../match/matcher.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import { buildRegistry } from '../registry/registry.ts';
import { loadRules } from '../rules/load-rules.ts';
import { explainEvent } from './explain.ts';

/** Some rule for everything an alert has, several for most alerts, and one that ends the search. */
const RULES = `
- rule: Shells
  match: { rules: [Terminal shell in container], priority: ">=Notice" }
  dry_run: true
  notifiers: [ear]
  actions:
    - { action: first, actionner: spec:pod, parameters: { say: "${'${PROC_NAME}'}" } }
    - { action: second, actionner: spec:pod, continue: false, ignore_errors: true }
- rule: Tagged
  match: { tags: ["container, shell", network], output_fields: [k8s.ns.name!=kube-system] }
  dry_run: true
  actions: [{ action: tagged, actionner: spec:pod, output: { target: spec:memory } }]
- rule: Audit
  match: { source: k8saudit }
  continue: false
  dry_run: true
  actions: [{ action: audit, actionner: spec:pod }]
- rule: Severe
  match: { condition: "priority >= Warning or evt.time > 1600000000000000000" }
  dry_run: true
  actions: [{ action: severe, actionner: spec:pod, parameters: { limit: "2000" } }]
`;
const { start, closeAll } = engines();

describe('explain and the server', () => {
  const plans = new Map<string, Plan>();

  beforeAll(async () => {
    const done = Promise.withResolvers<void>();
    const queue = defineQueue({
      name: 'recorded',
      description: 'For specs.',
      durable: true,
      settings: emptyObject,
      open: async () => ({
        publish: async () => [],
        async consume(handler, { signal }) {
          await Promise.all(RECORDED_ALERTS.map(({ name, text }) => handler(delivery(name, text, plans))));
          done.resolve();
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        },
        depth: async () => ({ pending: 0, dead: 0 }),
        ready: async () => {},
        close: async () => {},
      }),
    });
    await start(newWorld(), {
      rules: RULES,
      plugins: [pluginOf(newWorld()), definePlugin({ name: 'recorded', category: 'recorded', queues: [queue] })],
      settings: { queueType: 'recorded', defaultNotifiers: ['ear'] },
    });
    await done.promise;
  });
  afterAll(closeAll);

  const registry = buildRegistry([pluginOf(newWorld())]);
  const { ruleSet, problems } = loadRules([{ path: 'rules.yaml', text: RULES }], registry);

  it.each(RECORDED_ALERTS)('make the same of: $name', ({ name, text }) => {
    expect(problems).toEqual([]);
    const explanation = explainEvent(decodeAlert(Buffer.from(text), { id: name, traceId: 't', receivedAt: 0 }), {
      matcher: compileMatcher(ruleSet!),
      registry,
      options: { observe: false, defaultNotifiers: ['ear'], ruleSetVersion: ruleSet!.version },
    });
    const { chains = [], ruleSet: version = ruleSet!.version } = plans.get(name) ?? {};
    expect(version).toBe(ruleSet!.version);
    expect(explanation.rules.filter(({ matched }) => matched).map(({ rule }) => rule)).toEqual(
      chains.map(({ rule }: Chain) => rule),
    );
    const steps = chains.flatMap((chain) => chain.steps);
    expect(explanation.plan).toMatchObject(
      steps.map((step) => ({
        rule: step.rule,
        action: step.action,
        actionner: step.actionner,
        parameters: step.parameters,
        contexts: step.contexts,
        output: step.output ?? null,
        notifiers: step.notifiers,
        continue: step.continue,
        ignore_errors: step.ignoreErrors,
        dry_run: step.dryRun,
      })),
    );
    expect(explanation.plan).toHaveLength(steps.length);
  });

  it('had something to agree on', () => {
    const rules = new Set([...plans.values()].flatMap(({ chains }) => chains.map(({ rule }) => rule)));
    expect([...rules].toSorted()).toEqual(['Audit', 'Severe', 'Shells', 'Tagged']);
  });
});

function delivery(name: string, text: string, plans: Map<string, Plan>): Delivery {
  return {
    message: {
      id: name,
      kind: 'event',
      key: name,
      headers: { 'trace-id': 't', 'received-at': '0' },
      body: Buffer.from(text),
    },
    attempt: 1,
    journal: [],
    async append(entries: readonly Entry[]) {
      for (const { kind, data } of entries) if (kind === 'plan') plans.set(name, data as Plan);
    },
    keepAlive: () => {},
    settle: async () => {},
  };
}
