import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  defineActionner,
  defineClient,
  defineContext,
  defineGuard,
  defineNotifier,
  defineOutput,
  definePlugin,
  fit,
  oneOf,
  podTarget,
  strictObject,
  Type,
} from './index.ts';

interface Kube {
  deletePod(uid: string): Promise<void>;
}
interface KubeReads {
  pod(): Promise<{ uid: string }>;
}
const kubernetes = defineClient({
  id: 'kubernetes',
  section: '',
  settings: strictObject({ kubeconfig: Type.String({ default: '' }) }),
  create: async (): Promise<Kube> => ({ deletePod: async () => {} }),
  reads: (): KubeReads => ({ pod: async () => ({ uid: 'u' }) }),
});

const terminate = defineActionner({
  name: 'terminate',
  description: 'Deletes the pod.',
  stability: 'stable',
  sources: ['syscall'],
  continue: false,
  output: 'none',
  parameters: strictObject({ grace_period_seconds: Type.Optional(Type.Integer({ minimum: 0 })) }),
  uses: { kubernetes },
  facts: strictObject({ uid: Type.String() }),
  idempotent: false,
  permissions: [],
  examples: [{ description: 'At once', parameters: { grace_period_seconds: 0 } }],
  target: ({ event }) => podTarget(event),
  async check({ reads, parameters }) {
    expectTypeOf(parameters.grace_period_seconds).toEqualTypeOf<number | undefined>();
    // @ts-expect-error a check has no way to act
    void reads.kubernetes.deletePod;
    return { facts: { uid: (await reads.kubernetes.pod()).uid } };
  },
  async run({ clients, facts, parameters }) {
    // @ts-expect-error an unknown parameter
    void parameters.graceperiodseconds;
    // @ts-expect-error an undeclared client
    void clients.aws;
    await clients.kubernetes.deletePod(facts.uid);
    return { status: 'success', message: 'deleted' };
  },
  async settled({ reads, facts }) {
    return (await reads.kubernetes.pod()).uid === facts.uid ? 'again' : 'done';
  },
});

describe('the contract', () => {
  it('refuses an example that does not fit its parameters', () => {
    const wrong = defineActionner({
      name: 'sleep',
      description: 'd',
      stability: 'alpha',
      sources: 'any',
      continue: true,
      output: 'none',
      idempotent: true,
      permissions: [],
      parameters: strictObject({ seconds: Type.Integer() }),
      // @ts-expect-error seconds is a number
      examples: [{ description: 'wrong', parameters: { seconds: 'five' } }],
      target: () => undefined,
      run: async () => ({ status: 'success', message: '' }),
    });
    expect(fit(wrong.parameters, wrong.examples[0].parameters).issues).toHaveLength(1);
  });

  it('refuses an example with a parameter nobody declared, or without a required one', () => {
    const sleep = {
      name: 'sleep',
      description: 'd',
      stability: 'alpha',
      sources: 'any',
      continue: true,
      output: 'none',
      idempotent: true,
      permissions: [],
      parameters: strictObject({ seconds: Type.Integer() }),
      target: () => undefined,
      run: async () => ({ status: 'success' as const, message: '' }),
    } as const;
    // @ts-expect-error minutes is no parameter
    defineActionner({ ...sleep, examples: [{ description: 'unknown', parameters: { seconds: 1, minutes: 1 } }] });
    // @ts-expect-error seconds is required
    defineActionner({ ...sleep, examples: [{ description: 'missing', parameters: {} }] });
    // @ts-expect-error an actionner without an example
    defineActionner({ ...sleep, examples: [] });
    expectTypeOf(defineActionner({ ...sleep, examples: [{ description: 'fits', parameters: { seconds: 1 } }] }))
      .toHaveProperty('kind')
      .toEqualTypeOf<'actionner'>();
  });

  it('gives what only looks no means to act', () => {
    defineActionner({
      ...terminate,
      async check(context) {
        // @ts-expect-error a check gets no clients
        void context.clients;
        // @ts-expect-error a check keeps no artifacts
        void context.keep;
        // @ts-expect-error an undeclared client
        void context.reads.aws;
        return { facts: { uid: 'u' } };
      },
      async preview(context) {
        // @ts-expect-error a preview gets no clients
        void context.clients;
        // @ts-expect-error a fact the check does not hand over
        void context.facts.name;
        return context.facts.uid;
      },
      async settled(context) {
        // @ts-expect-error whoever asks what happened gets no clients
        void context.clients;
        return 'unknown';
      },
    });
    defineGuard({
      name: 'idle',
      description: 'd',
      uses: { kubernetes },
      async judge(input) {
        // @ts-expect-error a guard gets no clients
        void input.clients;
        // @ts-expect-error nor can its view act
        void input.reads.kubernetes.deletePod;
        return { kind: 'allow' };
      },
    });
    expect(terminate.uses).toEqual({ kubernetes });
  });

  it('lets outputs and notifiers see their own parameters, settings and clients only', () => {
    const output = defineOutput({
      name: 'file',
      description: 'd',
      parameters: strictObject({ destination: Type.String() }),
      permissions: [],
      examples: [{ description: 'd', parameters: { destination: '/tmp' } }],
      async store({ parameters, clients }) {
        // @ts-expect-error an unknown parameter
        void parameters.folder;
        // @ts-expect-error an undeclared client
        void clients.kubernetes;
        return { message: parameters.destination, objects: {} };
      },
    });
    const notifier = defineNotifier({
      name: 'webhook',
      description: 'd',
      settings: strictObject({ url: Type.String(), format: oneOf(['full', 'short'], { default: 'full' }) }),
      async notify({ settings }) {
        expectTypeOf(settings.format).toEqualTypeOf<'full' | 'short'>();
        // @ts-expect-error an unknown setting
        void settings.uri;
      },
    });
    expect([output.kind, notifier.kind]).toEqual(['output', 'notifier']);
  });

  it('refuses a check that returns other facts than declared', () => {
    const wrong = defineActionner({
      ...terminate,
      // @ts-expect-error uid is a text
      check: async () => ({ facts: { uid: 5 } }),
    });
    expect(wrong.name).toBe('terminate');
  });

  it('lets every kind of part stand in one plugin', () => {
    const plugin = definePlugin({
      name: 'a',
      category: 'kubernetes',
      actionners: [terminate],
      contexts: [
        defineContext({
          name: 'k8snode',
          description: 'd',
          uses: { kubernetes },
          elements: {},
          permissions: [],
          fetch: async ({ reads }) => ({ uid: (await reads.kubernetes.pod()).uid }),
        }),
      ],
      guards: [
        defineGuard({
          name: 'plausible',
          description: 'd',
          uses: { kubernetes },
          judge: async ({ reads }) =>
            (await reads.kubernetes.pod()).uid === '' ? { kind: 'deny', reason: 'r' } : { kind: 'allow' },
        }),
      ],
      outputs: [
        defineOutput({
          name: 'file',
          description: 'd',
          parameters: strictObject({ destination: Type.String() }),
          permissions: [],
          examples: [{ description: 'd', parameters: { destination: '/tmp' } }],
          store: async ({ parameters }) => ({ message: parameters.destination, objects: {} }),
        }),
      ],
      notifiers: [
        defineNotifier({
          name: 'webhook',
          description: 'd',
          settings: strictObject({ url: Type.String() }),
          notify: async ({ settings, records }) => void (settings.url.length + records.length),
        }),
      ],
      clients: [kubernetes],
    });
    expect(plugin.apiVersion).toBe(1);
    expect(plugin.actionners?.[0]?.kind).toBe('actionner');
  });
});
