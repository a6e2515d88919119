import {
  defineActionner,
  defineClient,
  defineGuard,
  definePlugin,
  emptyObject,
  podTarget,
  strictObject,
  Type,
} from '@falco-talon/core';
import { afterEach, expect, it } from 'vitest';
import { alert, engines, newWorld } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

/** A box with a value in it; whoever looks through a view sees what the view's first look found. */
function boxPlugin() {
  const box = { value: 0, looks: 0, seen: [] as string[] };
  const client = defineClient({
    id: 'box',
    section: '',
    settings: emptyObject,
    create: async () => box,
    reads(found) {
      let remembered: number | undefined;
      return { look: async () => (remembered ??= (found.looks++, found.value)) };
    },
  });
  const uses = { box: client };
  const set = defineActionner({
    name: 'set',
    description: 'Looks, then changes the value.',
    stability: 'stable',
    sources: 'any',
    continue: true,
    output: 'none',
    parameters: strictObject({ to: Type.Integer() }),
    uses,
    idempotent: true,
    permissions: [],
    examples: [{ description: 'one', parameters: { to: 1 } }],
    target: ({ event }) => podTarget(event),
    async check({ parameters, reads }) {
      const value = await reads.box.look();
      box.seen.push(`${parameters.to}: ${value}`);
      return value < 0 ? { ignored: 'broken' } : { facts: {} };
    },
    async run({ parameters, clients }) {
      clients.box.value = parameters.to;
      return { status: 'success', message: 'set' };
    },
  });
  const guard = defineGuard({
    name: 'looking',
    description: 'Looks.',
    uses,
    judge: async ({ reads }) => (await reads.box.look(), { kind: 'allow' }),
  });
  return { box, plugin: definePlugin({ name: 'spec', category: 'spec', actionners: [set], guards: [guard] }) };
}

const rules = (dryRun: boolean) => `
- rule: Chain
  match: { rules: [Shell] }
  dry_run: ${dryRun}
  actions:
    - { action: one, actionner: spec:set, parameters: { to: 1 } }
    - { action: two, actionner: spec:set, parameters: { to: 2 } }
    - { action: three, actionner: spec:set, parameters: { to: 3 } }
`;

it('a step sees what the steps before it changed; its guards and checks share one look', async () => {
  const { box, plugin } = boxPlugin();
  const engine = await start(newWorld(), { plugins: [plugin], rules: rules(false) });
  await engine.post(alert('cart'));
  await engine.outcomes(3);
  expect(box.seen).toEqual(['1: 0', '2: 1', '3: 2']);
  expect(box.looks).toBe(3);
});

it('steps that change nothing share one look', async () => {
  const { box, plugin } = boxPlugin();
  const engine = await start(newWorld(), { plugins: [plugin], rules: rules(true) });
  await engine.post(alert('cart'));
  await engine.outcomes(3);
  expect(box.looks).toBe(1);
});
