import { afterEach, describe, expect, it } from 'vitest';
import { STEP } from '../act/testing-step.ts';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

const step = { ...STEP, actionner: 'spec:pod', parameters: { say: 'x', limit: 1000 } };
/** As the spool names its files. */
const [SPOOLED, INTERRUPTED] = ['a'.repeat(64), 'b'.repeat(64)];
const begun = { step: '', kind: 'begun', data: {} };
const planned = (given: object) => ({
  step: '',
  kind: 'plan',
  data: { ruleSet: 'v', chains: [{ rule: 'rule', steps: [given] }] },
});

describe('an event is set aside before anything acts', () => {
  const { notifiers: _, ...untold } = step;
  it.each([
    ['its plan lacks what this version needs', { journal: [planned(untold)] }, 'notifiers is missing'],
    ['its plan says what this version does not know', { journal: [planned({ ...step, ask: true })] }, 'key "ask"'],
    ['its parameters are of another version', { journal: [planned({ ...step, parameters: { old: 1 } })] }, '"old"'],
    ['its journal is of a later version', { journal: [{ step: 'a', kind: 'approval', data: {} }] }, '"approval"'],
    ['it is no alert for this version', { body: '{"rule":5}' }, '"rule" must be the name'],
    ['it is delivered again and again and never has a plan', { attempt: 31 }, 'after 3 attempts'],
    [
      'it ended the process too often',
      { journal: [planned(step), begun, begun], attempt: 4 },
      'not finished after 3 attempts',
    ],
  ])('when %s, and the reason is logged and counted', async (_name, given, reason) => {
    const { world, engine, lines, settled } = await found(start, given);
    expect(await settled).toEqual({ kind: 'dead', reason: expect.stringContaining(reason) });
    expect(world.log).toEqual([]);
    expect(engine.events).toMatchObject([{ result: 'dead' }]);
    expect(lines.filter(({ message }) => message === 'event set aside')).toMatchObject([
      { level: 'error', fields: { id: 'event-1', trace_id: 't1', reason: expect.stringContaining(reason) } },
    ]);
  });

  it('but not when it has its plan and only waited for its turn, however often the process ended meanwhile', async () => {
    const { world, settled } = await found(start, { journal: [planned(step)], attempt: 1000 });
    expect(await settled).toEqual({ kind: 'done' });
    expect(world.log).toEqual(['x:cart', 'x:cart done']);
  });

  it('and whoever would have been told of the action it had come to is told', async () => {
    const chain = (...names: readonly string[]) => ({
      rule: 'rule',
      steps: names.map((action) => ({ ...step, id: action, action, notifiers: ['ear'] })),
    });
    const artifact = {
      name: 'log',
      mediaType: 'x',
      file: SPOOLED,
      bytes: 1,
      sha256: '',
      truncated: false,
      keptAt: 0,
    };
    const result = (id: string, status: string, artifacts: readonly object[] = []) => ({
      step: id,
      kind: 'result',
      data: { record: { status }, artifacts },
    });
    // The second chain had ended with its failure, so nothing of it is missing.
    const plan = { step: '', kind: 'plan', data: { ruleSet: 'v', chains: [chain('a', 'b', 'c'), chain('x', 'y')] } };
    const kept = { step: 'b', kind: 'kept', data: { n: 0, artifact: { ...artifact, file: INTERRUPTED } } };
    const journal = [plan, result('a', 'success', [artifact]), kept, result('x', 'failure'), begun, begun];
    const { world, engine, settled, lines } = await found(start, { journal, attempt: 4 });
    await engine.until(() => engine.notifications.length === 1);
    expect(await settled).toMatchObject({ kind: 'dead' });
    expect(engine.records).toMatchObject([{ action: 'b', status: 'failure' }]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: 'event set aside',
        fields: expect.objectContaining({ artifacts: [SPOOLED, INTERRUPTED] }),
      }),
    );
    expect(world.told).toMatchObject([
      { action: 'b', error: expect.stringMatching(/^the event was set aside: not finished after 3 attempts/) },
    ]);
  });

  it('but not when it can be gone on with: a default of a new parameter is filled in', async () => {
    const { world, settled } = await found(start, { journal: [planned({ ...step, parameters: { say: 'x' } })] });
    expect(await settled).toEqual({ kind: 'done' });
    expect(world.log).toEqual(['x:cart', 'x:cart done']);
  });
});
