import {
  defineActionner,
  defineClient,
  defineGuard,
  defineNotifier,
  defineOutput,
  definePlugin,
  podTarget,
  strictObject,
  Type,
  type OutcomeRecord,
  type Plugin,
  type Result,
} from '@falco-talon/core';
import { startTestEngine, type TestEngine, type TestEngineOptions } from '@falco-talon/testkit/engine';

/** What the plugins of these specs did, in order, and the gates that hold them. */
export interface World {
  readonly log: string[];
  readonly told: OutcomeRecord[];
  readonly gates: Map<string, PromiseWithResolvers<void>>;
  readonly fail: Map<string, () => unknown>;
  clients: number;
  /** The client cannot be created because of this. */
  refuse?: Error;
}

export function newWorld(): World {
  return { log: [], told: [], gates: new Map(), fail: new Map(), clients: 0 };
}

export function pluginOf(world: World): Plugin {
  const box = defineClient({
    id: 'box',
    section: 'box',
    settings: strictObject({}),
    create: async () => {
      if (world.refuse) throw world.refuse;
      world.clients++;
      return { touch: (what: string) => void world.log.push(what) };
    },
    reads: () => ({ look: async () => 'seen' }),
    close: async () => void world.clients--,
  });
  const parameters = strictObject({ say: Type.String({ default: '' }), limit: Type.Integer({ default: 1000 }) });
  const pod = defineActionner({
    name: 'pod',
    description: 'Touches a pod.',
    stability: 'stable',
    sources: 'any',
    continue: true,
    output: 'allowed',
    parameters,
    uses: { box },
    facts: strictObject({ seen: Type.String() }),
    requiredFields: ['k8s.pod.name', 'k8s.ns.name'],
    idempotent: true,
    permissions: [],
    examples: [{ description: 'one', parameters: { say: 'x', limit: 1000 } }],
    target: ({ event }) => podTarget(event),
    timeLimit: ({ limit }) => limit,
    check: async ({ reads }) => ({ facts: { seen: await reads.box.look() } }),
    preview: async ({ parameters: { say } }) => `would say ${say}`,
    async run({ clients, parameters: { say }, event, keep, hasOutput }): Promise<Result> {
      const name = podTarget(event).name;
      clients.box.touch(`${say}:${name}`);
      await world.gates.get(`${say}:${name}`)?.promise;
      const failure = world.fail.get(say)?.();
      if (failure !== undefined) throw failure;
      if (hasOutput) await keep({ name: 'a/log.txt', mediaType: 'text/plain' }, bytes('evidence'));
      clients.box.touch(`${say}:${name} done`);
      return { status: 'success', message: `said ${say}`, objects: { pod: name, namespace: 'shop' } };
    },
  });
  return definePlugin({
    name: 'spec-plugin',
    category: 'spec',
    actionners: [pod],
    guards: [
      defineGuard({
        name: 'keeper',
        description: 'd',
        judge: async ({ target }) =>
          target.name === 'etcd-0' ? { kind: 'deny', reason: 'etcd-0 is protected' } : { kind: 'allow' },
      }),
    ],
    outputs: [
      defineOutput({
        name: 'memory',
        description: 'd',
        parameters: strictObject({}),
        permissions: [],
        examples: [{ description: 'd', parameters: {} }],
        async store({ artifact }) {
          await world.gates.get('upload')?.promise;
          const failure = world.fail.get('upload')?.();
          if (failure !== undefined) throw failure;
          let text = '';
          for await (const chunk of artifact.open()) text += Buffer.from(chunk).toString();
          world.log.push(`stored ${text}`);
          return { message: 'stored', objects: { key: artifact.key } };
        },
      }),
    ],
    notifiers: [
      defineNotifier({
        name: 'ear',
        description: 'd',
        settings: strictObject({ url: Type.Optional(Type.String()) }),
        async notify({ records }) {
          await world.gates.get('ear')?.promise;
          const failure = world.fail.get('ear')?.();
          if (failure !== undefined) throw failure;
          world.told.push(...records);
        },
      }),
    ],
  });
}

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

export const RULE = `
- rule: Answer
  match: { rules: [Shell] }
  notifiers: [ear]
  actions:
    - { action: first, actionner: spec:pod, parameters: { say: a } }
    - { action: second, actionner: spec:pod, parameters: { say: b } }
`;
export const alert = (pod: string, more: Record<string, unknown> = {}) => ({
  rule: 'Shell',
  priority: 'Notice',
  output: `shell in ${pod}`,
  output_fields: { 'k8s.pod.name': pod, 'k8s.ns.name': 'shop' },
  ...more,
});

/** Engines of one spec file, closed together. */
export function engines() {
  const open: TestEngine[] = [];
  return {
    start: async (world: World, options: Partial<TestEngineOptions> = {}): Promise<TestEngine> => {
      const engine = await startTestEngine({ plugins: [pluginOf(world)], rules: RULE, ...options });
      open.push(engine);
      return engine;
    },
    closeAll: async (): Promise<void> => {
      for (const engine of open.splice(0)) await engine.close();
    },
  };
}
