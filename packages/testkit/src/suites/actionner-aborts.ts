import type { TObject, Uses } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { runActionner } from '../run/run-actionner.ts';
import type { ActionnerSuite } from './actionner-suite.ts';
import { expectAborted } from './expect-aborted.ts';
import { settledAfterAbort } from './hang.ts';

/** What an actionner does when the service it calls does not answer, and it is told to stop. */
export function actionnerAborts<P extends TObject, F extends TObject, U extends Uses>(
  suite: ActionnerSuite<P, F, U>,
): void {
  const { actionner } = suite;
  const hang = suite.options.hang || undefined;
  const parameters = actionner.examples[0].parameters;

  it('does nothing when it is aborted before it starts', async () => {
    const { events, run } = await suite.begin();
    const before = await (suite.options.snapshot || (() => undefined))();
    const outcome = await runActionner(actionner, {
      ...run,
      event: events[0]!,
      parameters,
      signal: AbortSignal.abort(),
    });
    expectAborted(outcome);
    expect(await (suite.options.snapshot || (() => undefined))()).toEqual(before);
  });

  if (hang === undefined) return;

  it('stops within 100 ms of the abort when the service hangs', async () => {
    const { events, run } = await suite.begin();
    const settled = await settledAfterAbort(hang, (signal) =>
      runActionner(actionner, { ...run, event: events[0]!, parameters, signal }),
    );
    expectAborted(settled);
  });

  if (!actionner.check) return;

  it('stops within 100 ms of the abort when the service hangs after the check', async () => {
    const { events, run } = await suite.begin();
    const event = events[0]!;
    const { facts } = await runActionner(actionner, { ...run, event, parameters, dryRun: true });
    const settled = await settledAfterAbort(hang, (signal) =>
      runActionner(actionner, { ...run, event, parameters, signal, ...(facts === undefined ? {} : { facts }) }),
    );
    expectAborted(settled);
  });
}
