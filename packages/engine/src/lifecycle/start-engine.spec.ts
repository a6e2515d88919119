import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TalonError } from '@falco-talon/core';
import { afterEach, describe, expect, it } from 'vitest';
import { alert, engines, newWorld, RULE } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

describe('the engine', () => {
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
    expect(engine.verdicts).toEqual([
      { guard: 'protected', verdict: 'allow' },
      { guard: 'keeper', verdict: 'deny' },
    ]);
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

  it('starts the most severe of what waits, then the oldest, and what has no known priority last', async () => {
    const world = newWorld();
    world.gates.set('a:held', Promise.withResolvers());
    const engine = await start(world, { limits: { concurrency: 1 } });
    await engine.post(alert('held'));
    await engine.until(() => engine.events.some(({ result }) => result === 'matched'));
    const priorities = ['odd', 'Debug', 'Notice', 'Notice', 'Critical'];
    for (const [n, priority] of priorities.entries()) await engine.post(alert(`${priority}-${n}`, { priority }));
    await engine.until(() => engine.events.filter(({ result }) => result === 'matched').length === 6);
    world.gates.get('a:held')?.resolve();
    await engine.outcomes(12);
    const first = world.log.filter((line) => /^a:.*\d$/.test(line));
    expect(first).toEqual(['a:Critical-4', 'a:Notice-2', 'a:Notice-3', 'a:Debug-1', 'a:odd-0']);
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
});
