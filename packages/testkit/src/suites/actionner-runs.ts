import { errorText, type FalcoEvent, type TObject, type Uses } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { withFields } from '../events/falco-event.ts';
import { askSettled, undoActionner } from '../run/after-run.ts';
import { runActionner, type Outcome } from '../run/run-actionner.ts';
import { activeResources, grownResources } from './active-resources.ts';
import type { ActionnerSuite } from './actionner-suite.ts';

/** What an actionner does, against a world that answers. */
export function actionnerRuns<P extends TObject, F extends TObject, U extends Uses>(
  suite: ActionnerSuite<P, F, U>,
): void {
  const { actionner, options } = suite;
  const snapshot = options.snapshot || (() => undefined);

  for (const { description, parameters } of actionner.examples) {
    it(`runs its example: ${description}`, async () => {
      for (let index = 0; ; index++) {
        const { events, run } = await suite.begin();
        const event = events[index];
        if (event === undefined) break;
        expectSuccess(await runActionner(actionner, { ...run, event, parameters }));
      }
    });

    it(`changes nothing in a dry run of: ${description}`, async () => {
      for (let index = 0; ; index++) {
        const { events, run } = await suite.begin();
        const event = events[index];
        if (event === undefined) break;
        const before = await snapshot();
        const outcome = await runActionner(actionner, { ...run, event, parameters, dryRun: true });
        expect(outcome.error, errorText(outcome.error)).toBeUndefined();
        expect(outcome.status).toBe('dry_run');
        expect(outcome.message).toMatch(/^[^\r\n]+$/);
        expect(outcome.artifacts).toEqual([]);
        expect(await snapshot()).toEqual(before);
      }
    });
  }

  it('is given an alert of each source it declares', async () => {
    const { events } = await suite.begin();
    expect(events).not.toHaveLength(0);
    const given = new Set(events.map(({ source }) => source));
    const declared = actionner.sources === 'any' ? [] : actionner.sources;
    expect(declared.filter((source) => !given.has(source))).toEqual([]);
  });

  for (const required of actionner.requiredFields ?? []) {
    const fields = [required].flat();
    it(`fails with missing_field, and touches nothing, without ${fields.join(' or ')}`, async () => {
      for (const nothing of [undefined, null, '', '<NA>']) {
        const { events, run } = await suite.begin();
        const before = await snapshot();
        const event = withFields(events[0]!, Object.fromEntries(fields.map((field) => [field, nothing])));
        const outcome = await runActionner(actionner, { ...run, event, parameters: actionner.examples[0].parameters });
        expect(outcome.status).toBe('failure');
        expect(outcome.error?.code).toBe('missing_field');
        for (const field of fields) expect(outcome.message).toContain(field);
        expect(await snapshot()).toEqual(before);
      }
    });
  }

  it('keeps artifacts exactly when it announces them', async () => {
    const kept = await keptBy(suite, actionner.output !== 'none');
    if (actionner.output === 'none') expect(kept).toEqual([]);
    else expect(kept).not.toHaveLength(0);
    if (actionner.output === 'allowed') expect(await keptBy(suite, false)).toEqual([]);
  });

  if (actionner.idempotent) {
    it('may be repeated after a crash', async () => {
      const { run, event, parameters } = await first(suite);
      expectSuccess(await runActionner(actionner, { ...run, event, parameters }));
      const again = await runActionner(actionner, { ...run, event, parameters });
      expect(again.error, errorText(again.error)).toBeUndefined();
    });
  }

  if (actionner.settled) {
    it('knows after a crash that it was done', async () => {
      const { run, event, parameters } = await first(suite);
      const { facts } = expectSuccess(await runActionner(actionner, { ...run, event, parameters }));
      expect(await askSettled(actionner, { ...run, event, parameters, facts: facts! })).toBe('done');
    });

    it('knows after a crash that it was not done yet', async () => {
      const { run, event, parameters } = await first(suite);
      const { facts } = await runActionner(actionner, { ...run, event, parameters, dryRun: true });
      expect(['again', 'unknown']).toContain(await askSettled(actionner, { ...run, event, parameters, facts: facts! }));
    });
  }

  if (actionner.undo) {
    it('can be taken back', async () => {
      const { run, event, parameters } = await first(suite);
      const { facts } = expectSuccess(await runActionner(actionner, { ...run, event, parameters }));
      const undone = await undoActionner(actionner, { ...run, event, parameters, facts: facts! });
      expect(undone?.status).toBe('success');
    });
  }

  it('leaves no socket, timer or file open behind', async () => {
    const once = async () => {
      const { run, event, parameters } = await first(suite);
      await runActionner(actionner, { ...run, event, parameters });
    };
    await once(); // what is loaded or pooled once per process is there now
    const before = activeResources();
    for (let count = 0; count < 3; count++) await once();
    expect(await grownResources(before)).toEqual({});
  });
}

/** A prepared world, its first alert and the first example. */
async function first<P extends TObject, F extends TObject, U extends Uses>(suite: ActionnerSuite<P, F, U>) {
  const { events, run } = await suite.begin();
  const event: FalcoEvent = events[0]!;
  return { run, event, parameters: suite.actionner.examples[0].parameters };
}

async function keptBy<P extends TObject, F extends TObject, U extends Uses>(
  suite: ActionnerSuite<P, F, U>,
  hasOutput: boolean,
) {
  const { run, event, parameters } = await first(suite);
  return expectSuccess(await runActionner(suite.actionner, { ...run, event, parameters, hasOutput })).artifacts;
}

function expectSuccess<F>(outcome: Outcome<F>): Outcome<F> {
  expect(outcome.error, errorText(outcome.error)).toBeUndefined();
  expect(outcome.status, outcome.message).toBe('success');
  expect(outcome.message.trim(), 'the result has no message').not.toBe('');
  return outcome;
}
