import { errorText, type Notifier, type OutcomeRecord, type TObject, type Uses } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { outcomeRecord, runNotifier, type Notified, type NotifierRunOptions } from '../run/run-notifier.ts';
import { activeResources, grownResources } from './active-resources.ts';
import { expectAborted } from './expect-aborted.ts';
import { settledAfterAbort, type HangOption } from './hang.ts';
import { HOSTILE_VALUES } from './hostile-values.ts';
import { PART_NAME, permissionProblems } from './part-problems.ts';
import { schemaProblems } from './schema-problems.ts';

export interface NotifierSuiteOptions<U extends Uses = Uses> {
  /** Settings that work in the test's world. Asked after `prepare`. */
  readonly settings: () => Readonly<Record<string, unknown>>;
  readonly clientSettings?: () => Readonly<Record<string, unknown>>;
  readonly clients?: NotifierRunOptions<U>['clients'];
  /** Forgets what arrived. Called before every test. */
  readonly prepare?: () => unknown;
  /** What arrived at the service, one item per record. */
  readonly received: () => readonly unknown[] | Promise<readonly unknown[]>;
  readonly hang: HangOption;
  /** Closes what the test's world and the process keep open between calls, such as kept-alive connections. */
  readonly idle?: () => unknown;
}

/** The conformance suite of notifiers. */
export function testNotifier<S extends TObject, U extends Uses>(
  notifier: Notifier<S, U>,
  options: NotifierSuiteOptions<U>,
): void {
  async function begin(): Promise<(more?: NotifierRunOptions<U>) => Promise<Notified>> {
    await options.prepare?.();
    const given: NotifierRunOptions<U> = {
      settings: options.settings(),
      ...(options.clientSettings ? { clientSettings: options.clientSettings() } : {}),
      ...(options.clients ? { clients: options.clients } : {}),
    };
    return (more) => runNotifier(notifier, { ...given, ...more });
  }
  const received = async () => await options.received();

  describe(`notifier ${notifier.name} conforms`, () => {
    it('has a name, a description, and the permissions it needs', () => {
      expect(notifier.name).toMatch(PART_NAME);
      expect(notifier.description.trim()).not.toBe('');
      const { uses = {}, permissions = [] } = notifier;
      expect(permissionProblems({ uses, permissions })).toEqual([]);
    });

    it('takes only settings it knows, describes each, and has defaults that fit', () => {
      expect(schemaProblems(notifier.settings)).toEqual([]);
      const known = Object.keys(notifier.settings.properties);
      for (const [old, name] of Object.entries(notifier.oldNames ?? {})) {
        expect(known, `the old name ${old} stands for`).toContain(name);
        expect(known).not.toContain(old);
      }
    });

    it('announces batches with bounds', () => {
      const { records, bytes, delay } = notifier.batch ?? { records: 1, bytes: 1, delay: 0 };
      for (const bound of [records, bytes]) expect(Number.isSafeInteger(bound) && bound > 0).toBe(true);
      expect(Number.isFinite(delay) && delay >= 0).toBe(true);
    });

    it('delivers a record of every status and stage', async () => {
      for (const changes of RECORDS) {
        const notify = await begin();
        expectNotified(await notify({ records: [outcomeRecord(changes)] }));
        expect(await received()).toHaveLength(1);
      }
    });

    it('delivers whatever an alert may hold', async () => {
      for (const value of HOSTILE_VALUES) {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        const notify = await begin();
        expectNotified(
          await notify({ records: [outcomeRecord({ event: text, rule: text, output: text, objects: { pod: text } })] }),
        );
        expect(await received(), JSON.stringify(text.slice(0, 80))).toHaveLength(1);
      }
    });

    if (notifier.batch) {
      it('delivers a whole batch', async () => {
        const notify = await begin();
        const records = Array.from({ length: 3 }, (_, index) => outcomeRecord({ action: `Action ${index}` }));
        expectNotified(await notify({ records }));
        expect(await received()).toHaveLength(3);
      });
    }

    it('sends nothing when it is aborted before it starts', async () => {
      const notify = await begin();
      expectAborted(await notify({ signal: AbortSignal.abort() }));
      expect(await received()).toEqual([]);
    });

    if (options.hang) {
      const hang = options.hang;
      it('stops within 100 ms of the abort when the service hangs', async () => {
        const notify = await begin();
        expectAborted(await settledAfterAbort(hang, (signal) => notify({ signal })));
      });
    }

    it('leaves no socket or timer behind', async () => {
      const once = async () => {
        const notify = await begin();
        await notify();
      };
      await once();
      await options.idle?.();
      const before = activeResources();
      for (let count = 0; count < 3; count++) await once();
      await options.idle?.();
      expect(await grownResources(before)).toEqual({});
    });
  });
}

const RECORDS: readonly Partial<OutcomeRecord>[] = [
  {},
  { status: 'failure', error: 'the pod shop/cart-x2x9z does not exist' },
  { status: 'ignored', result: 'the pod is part of a DaemonSet' },
  { status: 'dry_run', result: 'would label the pod' },
  { message: 'output', stage: 'output', output_target: 'local:file', objects: { file: 'a', destination: '/b' } },
  { objects: {} },
];

function expectNotified({ error, failed }: Notified): void {
  expect(error, errorText(error)).toBeUndefined();
  expect(failed).toEqual([]);
}
