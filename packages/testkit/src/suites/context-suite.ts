import { errorText, type Context, type FalcoEvent, type Uses } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { runContext, type ContextRunOptions } from '../run/run-context.ts';
import { activeResources, grownResources } from './active-resources.ts';
import { expectAborted } from './expect-aborted.ts';
import { settledAfterAbort, type HangOption } from './hang.ts';
import { PART_NAME, permissionProblems } from './part-problems.ts';

const ELEMENT = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;

export interface ContextSuiteOptions<U extends Uses = Uses> {
  /** An alert for which every fact can be had. */
  readonly event: () => FalcoEvent;
  readonly settings?: () => Readonly<Record<string, unknown>>;
  readonly clients?: ContextRunOptions<U>['clients'];
  readonly prepare?: () => unknown;
  readonly hang: HangOption;
}

/** The conformance suite of contexts. */
export function testContext<U extends Uses>(context: Context<U>, options: ContextSuiteOptions<U>): void {
  async function begin(): Promise<ContextRunOptions<U>> {
    await options.prepare?.();
    return {
      event: options.event(),
      ...(options.settings ? { settings: options.settings() } : {}),
      ...(options.clients ? { clients: options.clients } : {}),
    };
  }

  describe(`context ${context.name} conforms`, () => {
    it('has a name, a description, permissions, and a meaning for each element', () => {
      expect(context.name).toMatch(PART_NAME);
      expect(context.description.trim()).not.toBe('');
      expect(permissionProblems(context)).toEqual([]);
      for (const [element, meaning] of Object.entries(context.elements)) {
        expect(element).toMatch(ELEMENT);
        expect(meaning.trim(), element).not.toBe('');
      }
      for (const [alias, element] of Object.entries(context.aliases ?? {})) {
        expect(alias).toMatch(ELEMENT);
        expect(Object.keys(context.elements), `the alias ${alias} stands for`).toContain(element);
        expect(Object.keys(context.elements)).not.toContain(alias);
      }
    });

    it('fetches texts, and only the elements it announces', async () => {
      const outcome = await runContext(context, await begin());
      expect(outcome.error, errorText(outcome.error)).toBeUndefined();
      expect(Object.keys(outcome.elements)).not.toHaveLength(0);
      expect(Object.keys(context.elements)).toEqual(expect.arrayContaining(Object.keys(outcome.elements)));
      for (const text of Object.values(outcome.elements)) expect(typeof text).toBe('string');
    });

    it('does nothing when it is aborted before it starts', async () => {
      expectAborted(await runContext(context, { ...(await begin()), signal: AbortSignal.abort() }));
    });

    if (options.hang) {
      const hang = options.hang;
      it('stops within 100 ms of the abort when the service hangs', async () => {
        const given = await begin();
        expectAborted(await settledAfterAbort(hang, (signal) => runContext(context, { ...given, signal })));
      });
    }

    it('leaves no socket or timer behind', async () => {
      await runContext(context, await begin());
      const before = activeResources();
      for (let count = 0; count < 3; count++) await runContext(context, await begin());
      expect(await grownResources(before)).toEqual({});
    });
  });
}
