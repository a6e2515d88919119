import { afterEach, describe, expect, it } from 'vitest';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

describe('a journal that cannot be written', () => {
  it.each(['plan', 'intent'] as const)(
    'keeps what cannot be repeated from acting without its %s',
    async (unwritable) => {
      const { world, engine, settled } = await found(start, { unwritable, actionner: { idempotent: false } });
      expect(await settled).toEqual({ kind: 'done' });
      expect(engine.records).toMatchObject([
        { action: 'first', status: 'failure', error: expect.stringMatching('disk') },
      ]);
      expect(world.log).toEqual([]);
    },
  );

  it.each(['plan', 'result', 'notified'] as const)(
    'costs what can be repeated a repetition after a crash, not the response, without its %s',
    async (unwritable) => {
      const { world, settled, lines } = await found(start, { unwritable });
      expect(await settled).toEqual({ kind: 'done' });
      expect(world.log).toContain('b:cart done');
      expect(lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'journal not written' }));
    },
  );
});

it('what cannot be repeated has its plan, then its intent, then its result written', async () => {
  const { written, settled } = await found(start, { attempt: 1, actionner: { idempotent: false } });
  await settled;
  expect(written.map(({ kind }) => kind).slice(0, 3)).toEqual(['plan', 'intent', 'result']);
});
