import {
  defineClient,
  defineContext,
  defineGuard,
  defineNotifier,
  defineOutput,
  definePlugin,
  emptyObject,
  TalonError,
  type Plugin,
} from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { specActionner } from '../act/testing-step.ts';
import { buildRegistry } from './registry.ts';

const cluster = defineClient({ id: 'cluster', section: '', settings: emptyObject, create: async () => 'first' });
const actionner = specActionner({});
const output = defineOutput({
  name: 'act',
  description: 'x',
  parameters: emptyObject,
  permissions: [],
  examples: [{ description: 'x', parameters: {} }],
  store: async () => ({ message: '', objects: {} }),
});
const context = defineContext({
  name: 'act',
  description: 'x',
  elements: {},
  permissions: [],
  fetch: async () => ({}),
});
const notifier = defineNotifier({ name: 'act', description: 'x', settings: emptyObject, notify: async () => {} });
const guard = defineGuard({ name: 'act', description: 'x', judge: async () => ({ kind: 'allow' }) });
const plugin = (name: string, parts: Partial<Plugin> = {}): Plugin =>
  definePlugin({ name, category: 'spec', ...parts });

function problems(...plugins: unknown[]): string[] {
  try {
    buildRegistry(plugins as Plugin[]);
  } catch (error) {
    if (error instanceof TalonError && error.code === 'invalid_plugin') return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('buildRegistry', () => {
  it('files every part under its full name; the same name of another kind is another part', () => {
    const registry = buildRegistry([
      plugin('p', {
        actionners: [actionner],
        outputs: [output],
        contexts: [context],
        notifiers: [notifier],
        guards: [guard],
      }),
    ]);
    expect(registry.actionners.get('spec:act')).toEqual({ part: actionner, plugin: 'p', category: 'spec' });
    expect(registry.outputs.get('spec:act')?.part).toBe(output);
    expect([registry.contexts, registry.notifiers, registry.guards].map((parts) => [...parts.keys()])).toEqual([
      ['act'],
      ['act'],
      ['protected', 'act'],
    ]);
    expect(registry.queues.size).toBeGreaterThan(0);
  });

  it('lets plugins share a category and a client: the first to bring one provides it', () => {
    const second = defineClient({ ...cluster, create: async () => 'second' });
    const registry = buildRegistry([
      plugin('distribution', { clients: [cluster] }),
      plugin('p', { actionners: [specActionner({ uses: { kube: second } })] }),
      plugin('q', { actionners: [specActionner({ name: 'other', uses: { kube: second } })] }),
    ]);
    expect(registry.clients.get('cluster')).toBe(cluster);
    expect([...registry.actionners.keys()]).toEqual(['spec:act', 'spec:other']);
  });

  it.each<[string, Partial<Plugin>]>([
    ['actionner spec:act', { actionners: [actionner] }],
    ['output spec:act', { outputs: [output] }],
    ['context act', { contexts: [context] }],
    ['notifier act', { notifiers: [notifier] }],
    ['guard act', { guards: [guard] }],
  ])('refuses a second %s and names both packages', (what, parts) => {
    expect(problems(plugin('a', parts), plugin('b', parts))).toEqual([
      `${what} is brought by both a and b; load only one of them`,
    ]);
  });

  it('refuses another contract version of a plugin, a part and a client', () => {
    const uses = { kube: { ...cluster, apiVersion: 2 as never } };
    const parts = {
      actionners: [
        specActionner({ apiVersion: 2 as never }),
        specActionner({ name: 'b', uses }),
        specActionner({ name: 'c', uses }),
      ],
    };
    expect(problems({ ...plugin('old'), apiVersion: 0 }, plugin('new', parts))).toEqual([
      'plugin old was made for version 0 of the plugin contract, this is version 1; install matching versions',
      'actionner act of new was made for version 2 of the plugin contract, this is version 1; install matching versions',
      'client cluster of new was made for version 2 of the plugin contract, this is version 1; install matching versions',
    ]);
  });

  it.each([undefined, null, 5, 'plugin', [], {}, { kind: 'actionner' }, () => {}])(
    'refuses %j as a plugin',
    (value) => {
      expect(problems(value)).toEqual([
        'a plugin must be what definePlugin() returns, as the default export of its package',
      ]);
    },
  );

  it.each<[Partial<Record<keyof Plugin, unknown>>, string]>([
    [{ name: '' }, 'a plugin has no name'],
    [{ name: 5 }, 'a plugin has no name'],
    [{ category: undefined }, 'p: undefined is no name for a category'],
    [{ category: 'Spec' }, 'p: "Spec" is no name for a category'],
    [{ actionners: {} }, 'p: its actionners must be a list'],
    [{ actionners: [undefined] }, 'p: among its actionners is something that is no actionner'],
    [{ actionners: [null] }, 'p: among its actionners is something that is no actionner'],
    [{ actionners: [output] }, 'p: among its actionners is something that is no actionner'],
    [{ outputs: [actionner] }, 'p: among its outputs is something that is no output'],
    [{ actionners: [{ ...actionner, name: undefined }] }, 'p: undefined is no name for an actionner'],
    [{ actionners: [{ ...actionner, name: 'a:b' }] }, 'p: "a:b" is no name for an actionner'],
    [{ actionners: [{ ...actionner, run: undefined, target: 5 }] }, 'actionner act of p has no target() and no run()'],
    [{ guards: [{ ...guard, judge: undefined }] }, 'guard act of p has no judge()'],
    [
      { actionners: [{ ...actionner, uses: { kube: undefined } }] },
      'p: among the clients it uses is something that is no client',
    ],
    [{ clients: [{ ...cluster, id: undefined }] }, 'p: among the clients it uses is something that is no client'],
    [{ clients: [{ ...cluster, create: undefined }] }, 'client cluster of p has no create()'],
    [{ clients: 5 }, 'p cannot be read: '],
  ])('refuses a plugin with %j', (parts, words) => {
    const found = problems({ ...plugin('p'), ...parts });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });

  it('refuses objects whose keys throw, and still reports the others', () => {
    const throwing = (key: string, base: object) =>
      Object.defineProperty({ ...base }, key, {
        enumerable: true,
        get: () => {
          throw new Error('trap');
        },
      });
    expect(
      problems(
        throwing('kind', plugin('p')),
        throwing('name', plugin('p')),
        throwing('outputs', plugin('q')),
        plugin('r', { actionners: [throwing('apiVersion', actionner) as typeof actionner] }),
        plugin('s', { category: 'BAD' }),
      ),
    ).toEqual([
      'p cannot be read: trap',
      'a plugin has no name',
      'q cannot be read: trap',
      'r cannot be read: trap',
      expect.stringContaining('s: "BAD"'),
    ]);
  });

  it('refuses parameters and settings that are no map of keys', () => {
    const odd = { ...actionner, parameters: { type: 'string' } as unknown as typeof actionner.parameters };
    expect(problems(plugin('p', { actionners: [odd] }))).toEqual([
      expect.stringContaining('parameters must be what strictObject() returns'),
    ]);
    expect(problems(plugin('p', { guards: [{ ...guard, settings: odd.parameters }] }))).toEqual([
      expect.stringContaining('settings must be what strictObject() returns'),
    ]);
  });

  it('takes parts made by classes', () => {
    class Act {
      run() {}
      target() {}
    }
    const made = Object.assign(new Act(), {
      kind: 'actionner',
      apiVersion: 1,
      name: 'made',
      parameters: actionner.parameters,
    });
    expect(problems(plugin('p', { actionners: [made as unknown as typeof actionner] }))).toEqual([]);
  });
});
