import { rename, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { alert, engines, newWorld, RULE } from './testing-world.ts';

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
