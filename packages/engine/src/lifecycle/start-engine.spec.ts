import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  defineActionner,
  defineClient,
  defineGuard,
  defineNotifier,
  defineOutput,
  definePlugin,
  podTarget,
  strictObject,
  TalonError,
  Type,
  type OutcomeRecord,
  type Result,
} from '@falco-talon/core';
import { startTestEngine, type TestEngine, type TestEngineOptions } from '@falco-talon/testkit';
import { afterEach, describe, expect, it } from 'vitest';

/** What the plugins of these specs did, in order, and the gates that hold them. */
interface World {
  readonly log: string[];
  readonly told: OutcomeRecord[];
  readonly gates: Map<string, PromiseWithResolvers<void>>;
  readonly fail: Map<string, () => unknown>;
  clients: number;
}

function newWorld(): World {
  return { log: [], told: [], gates: new Map(), fail: new Map(), clients: 0 };
}

function pluginOf(world: World) {
  const box = defineClient({
    id: 'box',
    section: 'box',
    settings: strictObject({}),
    create: async () => {
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
        name: 'protected',
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

const RULE = `
- rule: Answer
  match: { rules: [Shell] }
  notifiers: [ear]
  actions:
    - { action: first, actionner: spec:pod, parameters: { say: a } }
    - { action: second, actionner: spec:pod, parameters: { say: b } }
`;
const alert = (pod: string, more: Record<string, unknown> = {}) => ({
  rule: 'Shell',
  priority: 'Notice',
  output: `shell in ${pod}`,
  output_fields: { 'k8s.pod.name': pod, 'k8s.ns.name': 'shop' },
  ...more,
});

describe('the engine', () => {
  const open: TestEngine[] = [];
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine.close();
  });
  async function start(world: World, options: Partial<TestEngineOptions> = {}): Promise<TestEngine> {
    const engine = await startTestEngine({ plugins: [pluginOf(world)], rules: RULE, ...options });
    open.push(engine);
    return engine;
  }

  it('runs the actions of a matching rule in order, records and tells each outcome', async () => {
    const world = newWorld();
    const engine = await start(world);
    const answer = await engine.post(alert('cart'));
    expect(answer).toMatchObject({ kind: 'accepted', duplicate: false });
    const records = await engine.outcomes(2);
    expect(world.log).toEqual(['a:cart', 'a:cart done', 'b:cart', 'b:cart done']);
    expect(records.map(({ action, status, result, rule }) => ({ action, status, result, rule }))).toEqual([
      { action: 'first', status: 'success', result: 'said a', rule: 'Answer' },
      { action: 'second', status: 'success', result: 'said b', rule: 'Answer' },
    ]);
    await engine.until(() => engine.notifications.length === 2);
    expect(world.told.map(({ action, notifier, trace_id }) => [action, notifier, trace_id])).toEqual([
      ['first', 'ear', (answer as { traceId: string }).traceId],
      ['second', 'ear', (answer as { traceId: string }).traceId],
    ]);
  });

  it('ends a chain at an error, unless the action ignores errors', async () => {
    const world = newWorld();
    world.fail.set('a', () => new TalonError('rejected', 'no'));
    const engine = await start(world, {
      rules: `${RULE}
- rule: Lenient
  match: { rules: [Shell] }
  actions:
    - { action: first, actionner: spec:pod, parameters: { say: a }, ignore_errors: true }
    - { action: third, actionner: spec:pod, parameters: { say: c } }
`,
    });
    await engine.post(alert('cart'));
    const records = await engine.outcomes(3);
    expect(records.map(({ rule, action, status, error }) => [rule, action, status, error])).toEqual([
      ['Answer', 'first', 'failure', 'no'],
      ['Lenient', 'first', 'failure', 'no'],
      ['Lenient', 'third', 'success', undefined],
    ]);
  });

  it('stops a chain after an action that does not continue, and rules after one that does not', async () => {
    const world = newWorld();
    const engine = await start(world, {
      rules: `
- rule: One
  match: { rules: [Shell] }
  continue: false
  actions:
    - { action: first, actionner: spec:pod, parameters: { say: a }, continue: false }
    - { action: second, actionner: spec:pod, parameters: { say: b } }
- rule: Two
  match: { rules: [Shell] }
  actions: [{ action: third, actionner: spec:pod, parameters: { say: c } }]
`,
    });
    await engine.post(alert('cart'));
    await engine.outcomes(1);
    await engine.close();
    expect(world.log).toEqual(['a:cart', 'a:cart done']);
  });

  it('never overlaps actions on one pod and never lets one pod wait for another', async () => {
    const world = newWorld();
    world.gates.set('a:cart', Promise.withResolvers());
    const engine = await start(world);
    await engine.post(alert('cart'));
    await engine.post(alert('cart', { output: 'again' }));
    await engine.post(alert('web'));
    await engine.outcomes(2);
    expect(world.log).toEqual(['a:cart', 'a:web', 'a:web done', 'b:web', 'b:web done']);
    world.gates.get('a:cart')?.resolve();
    await engine.outcomes(6);
    const cart = world.log.filter((line) => line.includes('cart'));
    expect(cart).toEqual([
      'a:cart',
      'a:cart done',
      'b:cart',
      'b:cart done',
      'a:cart',
      'a:cart done',
      'b:cart',
      'b:cart done',
    ]);
  });

  it('only previews in a dry run and in observe mode', async () => {
    for (const options of [{ rules: `${RULE}  dry_run: true\n` }, { settings: { mode: 'observe' as const } }]) {
      const world = newWorld();
      const engine = await start(world, options);
      await engine.post(alert('cart'));
      const records = await engine.outcomes(2);
      expect(records.map(({ status, result }) => [status, result])).toEqual([
        ['dry_run', 'would say a'],
        ['dry_run', 'would say b'],
      ]);
      expect(world.log).toEqual([]);
      await engine.until(() => engine.notifications.length === 2);
    }
  });

  it('lets a guard refuse a target', async () => {
    const world = newWorld();
    const engine = await start(world);
    await engine.post(alert('etcd-0'));
    const [record] = await engine.outcomes(1);
    expect(record).toMatchObject({ status: 'ignored', result: expect.stringContaining('etcd-0 is protected') });
    expect(world.log).toEqual([]);
  });

  it('says which field is missing and which setting of Falco adds it', async () => {
    const engine = await start(newWorld());
    await engine.post({ rule: 'Shell', output_fields: { 'k8s.ns.name': 'shop' } });
    const [record] = await engine.outcomes(1);
    expect(record).toMatchObject({ status: 'failure', error: expect.stringMatching(/k8s\.pod\.name.*append_output/) });
  });

  it('repeats what may pass, and gives up with the number of attempts', async () => {
    const world = newWorld();
    let failures = 0;
    world.fail.set('a', () =>
      failures++ < 2 ? new TalonError('throttled', 'slow down', { retryable: true, retryAfter: 1 }) : undefined,
    );
    world.fail.set('b', () => new TalonError('unavailable', 'down', { retryable: true, retryAfter: 1 }));
    const engine = await start(world, { limits: { stepAttempts: 3 } });
    await engine.post(alert('cart'));
    const records = await engine.outcomes(2);
    expect(records.map(({ status, error }) => [status, error])).toEqual([
      ['success', undefined],
      ['failure', 'down (after 3 attempts)'],
    ]);
  });

  it('survives plugins that throw anything or never settle', async () => {
    const world = newWorld();
    world.gates.set('b:cart', Promise.withResolvers());
    world.fail.set('a', () => Object.create(null) as unknown);
    const engine = await start(world, {
      limits: { stepAttempts: 1 },
      rules: RULE.replace('say: a }', 'say: a }, ignore_errors: true').replace('say: b', 'say: b, limit: 30'),
    });
    await engine.post(alert('cart'));
    const records = await engine.outcomes(2);
    expect(records[0]).toMatchObject({ status: 'failure' });
    expect(records[1]).toMatchObject({ status: 'failure', error: expect.stringContaining('limit of 0.03 s') });
    world.fail.clear();
    await engine.post(alert('web'));
    await engine.outcomes(4);
  });

  it('acknowledges a duplicate and does not run it', async () => {
    const world = newWorld();
    const engine = await start(world, { settings: { deduplicationWindow: 5000 } });
    expect(await engine.post(alert('cart', { output: '10:00:00.000000001: Notice same' }))).toMatchObject({
      duplicate: false,
    });
    expect(await engine.post(alert('cart', { output: '10:00:01.000000001: Notice same' }))).toMatchObject({
      duplicate: true,
    });
    expect(await engine.post(alert('web', { output: '10:00:01.000000001: Notice same' }))).toMatchObject({
      duplicate: false,
    });
    await engine.outcomes(4);
    expect(world.log.filter((line) => line === 'a:cart')).toHaveLength(1);
  });

  it('lets the next action start while an artifact is uploaded, and keeps the bytes when the upload fails', async () => {
    const world = newWorld();
    world.gates.set('upload', Promise.withResolvers());
    const rules = RULE.replace('say: a }', 'say: a }, output: { target: spec:memory, parameters: {} }');
    const engine = await start(world, { rules });
    await engine.post(alert('cart'));
    await engine.outcomes(2);
    expect(world.log.at(-1)).toBe('b:cart done');
    world.gates.get('upload')?.resolve();
    const stored = (await engine.outcomes(3))[2];
    expect(world.log.at(-1)).toBe('stored evidence');
    expect(stored).toMatchObject({
      message: 'output',
      status: 'success',
      output_target: 'spec:memory',
      objects: { bytes: '8', sha256: 'ee8250fb76e094b34b471f13a73dbbe51d1ae142e9df59d7c0d31ec20f0a0a8e' },
    });
    expect(await readdir(join(engine.dataDirectory, 'spool'))).toEqual([]);

    world.fail.set('upload', () => new TalonError('forbidden', 'bucket closed'));
    await engine.post(alert('web'));
    const records = await engine.outcomes(6);
    const failed = records.find(({ stage, status }) => stage === 'output' && status === 'failure');
    expect(failed?.error).toContain('bucket closed');
    const [file = ''] = await readdir(join(engine.dataDirectory, 'spool'));
    expect(failed?.error).toContain(file);
    expect(await readFile(join(engine.dataDirectory, 'spool', file), 'utf8')).toBe('evidence');
  });

  it('holds the next action back when the output says wait', async () => {
    const world = newWorld();
    world.gates.set('upload', Promise.withResolvers());
    const engine = await start(world, {
      rules: RULE.replace('say: a }', 'say: a }, output: { target: spec:memory, parameters: {}, wait: true }'),
    });
    await engine.post(alert('cart'));
    await engine.outcomes(1);
    expect(world.log).not.toContain('b:cart');
    world.gates.get('upload')?.resolve();
    await engine.outcomes(3);
    expect(world.log.indexOf('stored evidence')).toBeLessThan(world.log.indexOf('b:cart'));
  });

  it('is not held up by a notifier that hangs', async () => {
    const world = newWorld();
    world.gates.set('ear', Promise.withResolvers());
    const engine = await start(world);
    for (let i = 0; i < 20; i++) await engine.post(alert(`pod-${i}`));
    await engine.outcomes(40);
    expect(world.told).toEqual([]);
    world.gates.get('ear')?.resolve();
    await engine.until(() => engine.notifications.length === 40);
    expect(world.told).toHaveLength(40);
  });

  it('reports every start-up problem at once', async () => {
    const rules = RULE.replace('say: a', 'sai: a').replace('[ear]', '[eer]');
    await expect(start(newWorld(), { rules })).rejects.toThrow(/sai[^]*|eer[^]*/);
    const error = await start(newWorld(), { rules }).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(/did you mean say/);
    expect((error as Error).message).toMatch(/did you mean ear/);
  });

  it('creates clients only when rules need them, and closes them when the last user is gone', async () => {
    const world = newWorld();
    const engine = await start(world, { rules: '- { rule: Nothing, match: { rules: [Other] }, actions: [] }\n' });
    expect(world.clients).toBe(0);
    await writeFile(engine.rulesFile, RULE);
    await engine.engine.reload();
    expect(world.clients).toBe(1);
    world.gates.set('a:cart', Promise.withResolvers());
    await engine.post(alert('cart'));
    await engine.until(() => engine.events.some(({ result }) => result === 'matched'));
    await writeFile(engine.rulesFile, '- { rule: Nothing, match: { rules: [Other] }, actions: [] }\n');
    await engine.engine.reload();
    world.gates.get('a:cart')?.resolve();
    await engine.outcomes(2);
    await engine.until(() => engine.notifications.length === 2);
    await engine.close();
    expect(world.clients).toBe(0);
  });

  it('keeps the running rules when new ones are invalid, and finishes events on the rules they started with', async () => {
    const world = newWorld();
    world.gates.set('a:cart', Promise.withResolvers());
    const engine = await start(world, { settings: { watchRules: true } });
    const before = engine.engine.rulesVersion();
    await engine.post(alert('cart'));
    await engine.until(() => engine.events.some(({ result }) => result === 'matched'));

    await writeFile(engine.rulesFile, RULE.replace('spec:pod', 'spec:pud'));
    await engine.until(() => engine.reloads.length === 1);
    expect(engine.reloads).toEqual(['failure']);
    expect(engine.engine.rulesVersion()).toBe(before);

    const next = `${engine.rulesFile}.next`;
    await writeFile(next, RULE.replace('say: b', 'say: z'));
    await rename(next, engine.rulesFile);
    await engine.until(() => engine.reloads.length === 2);
    expect(engine.engine.rulesVersion()).not.toBe(before);
    world.gates.get('a:cart')?.resolve();
    await engine.outcomes(2);
    expect(world.log).toContain('b:cart');
    await engine.post(alert('web'));
    await engine.outcomes(4);
    expect(world.log).toContain('z:web');
  });

  it('works a queue in memory off before it stops, and refuses what comes later', async () => {
    const world = newWorld();
    const engine = await start(world);
    for (let i = 0; i < 50; i++) await engine.post(alert(`pod-${i}`));
    const stopped = engine.engine.stop(10_000);
    expect(await engine.post(alert('late'))).toMatchObject({ kind: 'refused', status: 503 });
    await stopped;
    expect(engine.records).toHaveLength(100);
    expect(await engine.engine.ready()).toEqual([expect.objectContaining({ ok: false })]);
  });

  it('aborts what does not end within the grace period', async () => {
    const world = newWorld();
    world.gates.set('a:cart', Promise.withResolvers());
    const engine = await start(world, { rules: RULE.replace('say: a', 'say: a, limit: 600000') });
    await engine.post(alert('cart'));
    await engine.until(() => engine.events.some(({ result }) => result === 'matched'));
    await engine.engine.stop(2_050);
    expect(engine.records).toEqual([]);
  });
});
