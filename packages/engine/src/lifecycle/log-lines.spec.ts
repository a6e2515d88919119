import { testScope } from '@falco-talon/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { alert, engines, newWorld, RULE } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

const OTHER = { rule: 'Other', priority: 'Debug', output: 'nothing', output_fields: {} };

describe('the log', () => {
  it('has one line for a matching event, each match, action, output and notification, all with the trace id', async () => {
    const { logger, lines } = testScope();
    const output = 'output: { target: spec:memory, parameters: {} }';
    const world = newWorld();
    const engine = await start(world, {
      logger,
      rules: `${RULE.replace('say: a }', `say: a }, ${output}`)}- { rule: Second, match: all, actions: [] }\n`,
    });
    const { traceId } = (await engine.post(alert('cart'))) as { traceId: string };
    await engine.outcomes(3);
    await engine.until(() => engine.notifications.length === 3);
    const version = engine.engine.rulesVersion();
    await engine.close();
    const told = lines.filter(({ fields }) => fields?.['trace_id'] === traceId);
    const of = (message: string) => told.filter((line) => line.message === message).map(({ fields }) => fields);
    expect(of('event')).toEqual([
      {
        event: 'shell in cart',
        falco_rule: 'Shell',
        priority: 'Notice',
        source: 'syscall',
        rules_version: version,
        trace_id: traceId,
      },
    ]);
    expect(of('match')).toMatchObject([
      { rule: 'Answer', event: 'shell in cart', rules_version: version },
      { rule: 'Second' },
    ]);
    expect(engine.matches).toEqual([{ rule: 'Answer' }, { rule: 'Second' }]);
    expect(of('action')).toMatchObject([
      { rule: 'Answer', action: 'first', actionner: 'spec:pod', status: 'success', objects: { pod: 'cart' } },
      { rule: 'Answer', action: 'second', status: 'success', result: 'said b' },
    ]);
    expect(of('output')).toMatchObject([{ action: 'first', output_target: 'spec:memory', status: 'success' }]);
    expect(of('notification')).toHaveLength(3);
    for (const notification of of('notification'))
      expect(notification).toMatchObject({ notifier: 'ear', status: 'success', rule: 'Answer' });
    expect(told).toHaveLength(9);
    // Which rules judged the event is in each of them, and in what notifiers are told.
    expect(world.told.map(({ rules_version }) => rules_version)).toEqual(Array(3).fill(version));
    expect(told.filter(({ fields }) => fields?.['rules_version'] !== version)).toEqual([]);
  });

  it('has a failure as an error', async () => {
    const world = newWorld();
    world.fail.set('a', () => new Error('no'));
    const { logger, lines } = testScope();
    const engine = await start(world, { logger });
    await engine.post(alert('cart'));
    await engine.outcomes(1);
    expect(lines.filter(({ message }) => message === 'action')).toMatchObject([
      { level: 'error', fields: { status: 'failure', error: 'no' } },
    ]);
  });

  it.each([
    [false, []],
    [true, ['event']],
  ])(
    'has a line for an event that matches nothing when all are to be printed (%s)',
    async (printAllEvents, expected) => {
      const { logger, lines } = testScope();
      const engine = await start(newWorld(), { logger, settings: { printAllEvents } });
      const { traceId } = (await engine.post(OTHER)) as { traceId: string };
      await engine.until(() => engine.events.some(({ result }) => result === 'unmatched'));
      const told = lines.filter(({ fields }) => fields?.['trace_id'] === traceId).map(({ message }) => message);
      expect(told).toEqual(expected);
    },
  );
});
