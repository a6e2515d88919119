import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineClient, defineGuard, defineNotifier, definePlugin, emptyObject, TalonError } from '@falco-talon/core';
import { testScope } from '@falco-talon/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { alert, engines, newWorld, pluginOf, RULE } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

describe('start, reload and stop', () => {
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

  it('takes rules into force that had to wait for a client, and says once why they waited', async () => {
    const world = newWorld();
    const { logger, lines } = testScope();
    const engine = await start(world, { rules: '[]', logger });
    const before = engine.engine.rulesVersion();
    world.refuse = new TalonError('unavailable', 'the box is locked', { retryable: true });
    await writeFile(engine.rulesFile, RULE);
    await engine.engine.reload();
    await engine.engine.reload();
    expect([engine.engine.rulesVersion(), engine.reloads]).toEqual([before, ['failure']]);
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { error: expect.stringContaining('the box is locked') } },
    ]);
    delete world.refuse;
    await engine.engine.reload();
    expect(engine.reloads).toEqual(['failure', 'success']);
    await engine.post(alert('cart'));
    await engine.outcomes(2);
  });

  it('says of each mistake where it is and shows the line, at the start and later, and of no file more than it knows', async () => {
    const wrong = RULE.replace('spec:pod', 'spec:pud');
    const shown = /rules\.yaml:\d+:\d+: error: .*spec:pod.*\n +\d+ \| .*spec:pud.*\n +\| +\^{8}$/;
    await expect(start(newWorld(), { rules: wrong })).rejects.toThrow(shown);
    const { logger, lines } = testScope();
    const gone = join(tmpdir(), 'falco-talon-not-there.yaml');
    const engine = await start(newWorld(), { logger });
    await writeFile(engine.rulesFile, wrong);
    await engine.engine.reload();
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { error: 'the rules have an error', problems: [expect.stringMatching(shown)] } },
    ]);
    await writeFile(engine.rulesFile, '- { rule: x, match: { condition: gone }, actions: [{ action: gone }] }\n');
    const starting = start(newWorld(), { settings: { rulesFiles: [engine.rulesFile, gone] } });
    await expect(starting).rejects.toThrow(/^[^\n]*not-there\.yaml: error: there is no such file[^\n]*$/);
  });

  it('does not judge again what did not change', async () => {
    const engine = await start(newWorld());
    await writeFile(engine.rulesFile, RULE.replace('spec:pod', 'spec:pud'));
    const problems = await engine.engine.reload();
    expect(problems).toHaveLength(1);
    expect(await engine.engine.reload()).toBe(problems);
    expect(engine.reloads).toEqual(['failure']);
  });

  it('takes many requests to reload as one, and the files as they are at the last of them', async () => {
    const engine = await start(newWorld());
    await writeFile(engine.rulesFile, RULE.replace('say: a', 'say: y'));
    const first = engine.engine.reload();
    await Promise.resolve();
    await writeFile(engine.rulesFile, RULE.replace('say: a', 'say: z'));
    const others = Array.from({ length: 100 }, () => engine.engine.reload());
    expect(new Set(others).size).toBe(1);
    await Promise.all([first, ...others]);
    await engine.post(alert('cart'));
    expect((await engine.outcomes(1))[0]).toMatchObject({ result: 'said z' });
  });

  it('stops at once while new rules wait for a client, and leaves the client alone', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const never = defineClient({
      id: 'never',
      section: '',
      settings: emptyObject,
      create: ({ signal }) => {
        asked.resolve(signal);
        return new Promise<object>(() => {});
      },
    });
    const bell = defineNotifier({
      name: 'bell',
      description: 'd',
      settings: emptyObject,
      uses: { never },
      notify: async () => {},
    });
    const world = newWorld();
    const { logger, lines } = testScope();
    const plugins = [pluginOf(world), definePlugin({ name: 'bells', category: 'bells', notifiers: [bell] })];
    const engine = await start(world, { plugins, logger });
    await writeFile(engine.rulesFile, RULE.replace('[ear]', '[bell]'));
    const reloaded = engine.engine.reload();
    const signal = await asked.promise;
    await engine.engine.stop(10_000);
    await reloaded;
    expect([signal.aborted, world.clients, engine.reloads]).toEqual([true, 0, []]);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('starts with a directory that holds no rules yet', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'falco-talon-rules-'));
    const { logger, lines } = testScope();
    const engine = await start(newWorld(), { settings: { rulesFiles: [directory] }, logger });
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'rules' }));
    await writeFile(join(directory, 'a.yaml'), RULE);
    await engine.engine.reload();
    await engine.post(alert('cart'));
    await engine.outcomes(2);
    await rm(directory, { recursive: true });
  });

  it('creates the clients of default notifiers and guards at the start', async () => {
    const world = newWorld();
    const locked = defineClient({
      id: 'locked',
      section: '',
      settings: emptyObject,
      create: () => Promise.reject(new TalonError('unauthorized', 'no key')),
    });
    const ear = defineNotifier({
      name: 'bell',
      description: 'd',
      settings: emptyObject,
      uses: { locked },
      notify: async () => {},
    });
    const plugins = [pluginOf(world), definePlugin({ name: 'bells', category: 'bells', notifiers: [ear] })];
    await expect(start(world, { plugins, settings: { defaultNotifiers: ['Bell'] } })).rejects.toThrow(
      'client locked: no key',
    );
    const guard = defineGuard({
      name: 'gate',
      description: 'd',
      uses: { locked },
      judge: async () => ({ kind: 'allow' }),
    });
    const guarded = [pluginOf(world), definePlugin({ name: 'gates', category: 'gates', guards: [guard] })];
    await expect(start(world, { plugins: guarded })).rejects.toThrow('client locked: no key');
  });

  it('does not start while a guard lacks a setting', async () => {
    const missing = [{ path: ['guard', 'gate'], message: 'word is missing' }];
    const sections = { guards: new Map([['gate', { value: {}, missing }]]) };
    await expect(start(newWorld(), { sections })).rejects.toThrow('guard.gate is in use, but word is missing');
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
    await engine.engine.stop(200);
    expect(engine.records).toEqual([]);
  });
});
