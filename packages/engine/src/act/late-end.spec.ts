import { getEventListeners } from 'node:events';
import { TalonError, type Result } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { expect, it } from 'vitest';

import { specStep } from './testing-step.ts';

/** A step that is told to stop in the middle of its action. */
async function stopped() {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<Result>();
  const [stop, leave] = [new AbortController(), new AbortController()];
  const { outcome } = specStep({
    event: falcoEvent(),
    actionner: {
      run() {
        begun.resolve();
        return end.promise;
      },
    },
    deps: { signal: stop.signal, leaving: leave.signal },
  });
  await begun.promise;
  stop.abort(new TalonError('aborted', 'stop'));
  await new Promise(setImmediate);
  return { outcome, end, leave };
}

it('what an action came to after it was told to stop counts', async () => {
  const { outcome, end, leave } = await stopped();
  end.resolve({ status: 'success', message: 'too far to stop' });
  expect(await outcome).toMatchObject({ status: 'success', message: 'too far to stop' });
  expect(getEventListeners(leave.signal, 'abort')).toEqual([]);
});

it('an action that gives up when it is told to stop goes on after the restart, whatever it throws', async () => {
  const { outcome, end } = await stopped();
  end.reject(new TalonError('rejected', 'cut off'));
  await expect(outcome).rejects.toMatchObject({ code: 'aborted' });
});

it('an action that does not end is waited for until the process leaves', async () => {
  const { outcome, leave } = await stopped();
  leave.abort();
  await expect(outcome).rejects.toMatchObject({ code: 'aborted' });
});
