import { createTenure } from '@falco-talon/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

describe('when another replica may act on an event', () => {
  it.each([true, false])(
    'its steps are not begun, none fails, and it is put off as soon as the queue takes that (can be repeated: %s)',
    async (idempotent) => {
      vi.spyOn(Math, 'random').mockReturnValue(0);
      const { tenure } = createTenure(() => false);
      const { world, engine, settled, written } = await found(start, {
        attempt: 1,
        tenure,
        unsettled: 20,
        actionner: { idempotent },
      });
      expect(await settled).toMatchObject({ kind: 'later', reason: expect.stringContaining('another replica') });
      expect(world.log).toEqual([]);
      expect(engine.records).toEqual([]);
      expect(written.map(({ kind }) => kind)).toEqual(['plan', 'postponed']);
    },
  );

  it('the step that acts is told to stop, and the next one is not begun although the result cannot be written', async () => {
    const lease = createTenure(() => true);
    const { world, engine, settled, written } = await found(start, {
      attempt: 1,
      tenure: lease.tenure,
      unwritable: { kind: 'result', times: 1, retryable: true },
      actionner: {
        async run() {
          lease.end();
          return { status: 'success', message: 'done all the same' };
        },
      },
    });
    expect(await settled).toMatchObject({ kind: 'later' });
    expect(world.log).toEqual([]);
    expect(engine.records).toMatchObject([{ action: 'first', status: 'success' }]);
    // With the note that it was put off: it is not done again.
    expect(written.map(({ kind }) => kind).slice(-2)).toEqual(['result', 'postponed']);
  });
});
