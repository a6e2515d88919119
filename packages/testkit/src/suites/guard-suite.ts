import {
  errorText,
  type Environment,
  type Guard,
  type Target,
  type TObject,
  type Uses,
  type Verdict,
} from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import type { ClientSettings } from '../run/clients.ts';
import { runGuard, TEST_TARGET, type GuardRunOptions } from '../run/run-guard.ts';
import { falcoEvent, withFields } from '../events/falco-event.ts';
import { activeResources, grownResources } from './active-resources.ts';
import { expectAborted } from './expect-aborted.ts';
import { settledAfterAbort, type HangOption } from './hang.ts';
import { HOSTILE_VALUES } from './hostile-values.ts';
import { PART_NAME } from './part-problems.ts';
import { schemaProblems } from './schema-problems.ts';

/** One step to judge, and what the guard must say to it. */
export interface GuardCase<U extends Uses = Uses> extends Pick<
  GuardRunOptions<U>,
  'event' | 'target' | 'parameters' | 'step' | 'now' | 'guardSettings' | 'effect' | 'dryRun' | 'subject' | 'own'
> {
  readonly description: string;
  readonly verdict: Verdict['kind'];
}

export interface GuardSuiteOptions<U extends Uses = Uses> {
  /** At least one it allows and one it does not. */
  readonly cases: readonly GuardCase<U>[];
  /** Settings of the clients by id. A function is asked after `prepare`, when a fake server knows its port. */
  readonly settings?: ClientSettings | (() => ClientSettings);
  readonly clients?: GuardRunOptions<U>['clients'];
  readonly environment?: Environment;
  /** Brings the world into the state in which the verdicts are the ones given. Called before every judgement. */
  readonly prepare?: () => unknown;
  /** Makes the service accept requests without answering; `false` when it asks nobody. */
  readonly hang: HangOption;
}

/** The conformance suite of guards. */
export function testGuard<U extends Uses, S extends TObject>(guard: Guard<U, S>, options: GuardSuiteOptions<U>): void {
  async function begin(one: Partial<GuardCase<U>> | undefined): Promise<GuardRunOptions<U>> {
    await options.prepare?.();
    const { description: _, verdict: __, ...given } = one ?? {};
    const settings = typeof options.settings === 'function' ? options.settings() : options.settings;
    return {
      ...given,
      ...(settings && { settings }),
      ...(options.clients && { clients: options.clients }),
      ...(options.environment && { environment: options.environment }),
    };
  }
  const { cases } = options;

  describe(`guard ${guard.name} conforms`, () => {
    it('has a name and a description', () => {
      expect(guard.name).toMatch(PART_NAME);
      expect(guard.description.trim()).not.toBe('');
    });

    it('takes only settings it knows, describes each, and has defaults that fit', () => {
      expect(guard.settings ? schemaProblems(guard.settings) : []).toEqual([]);
    });

    it('is given a step it allows and one it does not', () => {
      const kinds = cases.map(({ verdict }) => verdict);
      expect(kinds).toContain('allow');
      expect(kinds.filter((kind) => kind !== 'allow')).not.toHaveLength(0);
    });

    for (const one of cases) {
      it(`judges: ${one.description}`, async () => {
        const { verdict, error } = await runGuard(guard, await begin(one));
        expect(error, errorText(error)).toBeUndefined();
        expect(verdict?.kind).toBe(one.verdict);
        expect(verdictProblem(verdict)).toBeUndefined();
      });
    }

    it('judges the same step the same way again', async () => {
      for (const one of cases) {
        const first = await runGuard(guard, await begin(one));
        const second = await runGuard(guard, await begin(one));
        expect(second.verdict, one.description).toEqual(first.verdict);
      }
    });

    it('judges whatever an alert or a target may hold, or throws a TalonError', async () => {
      const problems: string[] = [];
      for (const { what, ...step } of hostileSteps(cases)) {
        const { verdict, thrown } = await runGuard(guard, await begin(step));
        const problem = thrown === undefined ? verdictProblem(verdict) : thrownProblem(thrown);
        if (problem !== undefined) problems.push(`${what}: ${problem}`);
      }
      expect(problems).toEqual([]);
    });

    it('judges nothing when it is aborted before it starts', async () => {
      expectAborted(await runGuard(guard, { ...(await begin(cases[0])), signal: AbortSignal.abort() }));
    });

    if (options.hang) {
      const hang = options.hang;
      it('stops within 100 ms of the abort when the service hangs', async () => {
        const given = await begin(cases[0]);
        expectAborted(await settledAfterAbort(hang, (signal) => runGuard(guard, { ...given, signal })));
      });
    }

    it('leaves no socket or timer behind', async () => {
      await runGuard(guard, await begin(cases[0]));
      const before = activeResources();
      for (let count = 0; count < 3; count++) await runGuard(guard, await begin(cases[0]));
      expect(await grownResources(before)).toEqual({});
    });
  });
}

/** The first step with each of its fields in turn, and each part of its target, missing or hostile. */
function* hostileSteps<U extends Uses>(cases: readonly GuardCase<U>[]) {
  for (const given of cases.slice(0, 1)) {
    const event = given.event ?? falcoEvent();
    const target = given.target ?? TEST_TARGET;
    for (const field of event.fields.keys()) {
      for (const value of [undefined, ...HOSTILE_VALUES])
        yield { ...given, event: withFields(event, { [field]: value }), what: `${field} = ${shown(value)}` };
    }
    for (const value of HOSTILE_VALUES.filter((text) => typeof text === 'string' && text !== '')) {
      const name = value as string;
      const changed: Target[] = [
        { ...target, name },
        { ...target, namespace: name },
        { ...target, uid: name },
      ];
      for (const other of changed) yield { ...given, target: other, what: `target ${shown(other)}` };
    }
    const { kind, name } = target;
    yield { ...given, target: { kind, name }, what: 'a target of the whole cluster' };
    yield { ...given, target: { kind: 'node', name: 'node-1' }, what: 'a target of another kind' };
  }
}

function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 80);
}

/** What is wrong with a verdict; undefined when nothing is. */
function verdictProblem(verdict: unknown): string | undefined {
  if (typeof verdict !== 'object' || verdict === null) return `${String(verdict)} is no verdict`;
  const { kind, reason, until } = verdict as Partial<Record<'kind' | 'reason' | 'until', unknown>>;
  if (kind === 'allow') return undefined;
  if (kind !== 'deny' && kind !== 'hold' && kind !== 'observe') return `${String(kind)} is no verdict`;
  if (typeof reason !== 'string' || reason.trim() === '') return `${kind} without a reason`;
  if (/[\r\n]/.test(reason)) return 'a reason of more than one line';
  return kind !== 'hold' || Number.isFinite(until) ? undefined : 'hold without a time in milliseconds';
}

function thrownProblem(thrown: unknown): string | undefined {
  const { kind } = (thrown ?? {}) as { kind?: unknown };
  return kind === 'talon-error' ? undefined : `it throws ${errorText(thrown)}`;
}
