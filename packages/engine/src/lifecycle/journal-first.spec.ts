import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
// The backoff has full jitter: no waiting.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

const once = { idempotent: false };

describe('a journal that cannot be written', () => {
  it.each(['plan', 'intent'] as const)(
    'keeps what cannot be repeated from acting without its %s: the event is put off, and that is no attempt',
    async (kind) => {
      // As often as it is tried to act, and once more.
      const unwritable = { kind, times: 21, retryable: true };
      const { world, engine, settled, written } = await found(start, { attempt: 1, unwritable, actionner: once });
      expect(await settled).toEqual({ kind: 'later', at: 0, reason: 'the journal cannot be written' });
      expect(written.at(-1)).toMatchObject({ kind: 'postponed' });
      expect(engine.records).toEqual([]);
      expect(world.log).toEqual([]);
    },
  );

  it.each(['plan', 'intent'] as const)(
    'for a moment costs nothing: the %s is written again, and the step acts',
    async (kind) => {
      const unwritable = { kind, times: 3, retryable: true };
      const { world, settled, written } = await found(start, { attempt: 1, unwritable, actionner: once });
      expect(await settled).toEqual({ kind: 'done' });
      expect(world.log).toEqual(['a:cart', 'a:cart done', 'b:cart', 'b:cart done']);
      expect(written.filter((entry) => entry.kind === 'plan')).toHaveLength(1);
    },
  );

  it.each([
    { what: 'never will be', retryable: false, journal: [] },
    {
      what: 'was not for too often',
      retryable: true,
      journal: Array(20).fill({ step: '', kind: 'postponed', data: {} }),
    },
  ])('and $what fails the step that cannot be repeated', async ({ retryable, journal }) => {
    const unwritable = { kind: 'plan', times: Infinity, retryable } as const;
    const { world, engine, settled } = await found(start, { attempt: 21, journal, unwritable, actionner: once });
    expect(await settled).toEqual({ kind: 'done' });
    const failure = { action: 'first', status: 'failure', error: expect.stringMatching('no room') };
    expect(engine.records).toMatchObject([failure]);
    expect(world.log).toEqual([]);
  });

  it.each(['plan', 'result', 'notified'] as const)(
    'costs what can be repeated a repetition after a crash, not the response, without its %s',
    async (kind) => {
      const { world, settled, lines } = await found(start, {
        unwritable: { kind, times: Infinity, retryable: true },
      });
      expect(await settled).toEqual({ kind: 'done' });
      expect(world.log).toContain('b:cart done');
      expect(lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'journal not written' }));
    },
  );
});

it('what cannot be repeated has its plan, then its intent, then its result written', async () => {
  const { written, settled } = await found(start, { attempt: 1, actionner: once });
  await settled;
  expect(written.map(({ kind }) => kind).slice(0, 3)).toEqual(['plan', 'intent', 'result']);
});
