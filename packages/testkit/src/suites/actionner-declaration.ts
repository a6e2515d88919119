import { isDeepStrictEqual } from 'node:util';
import {
  errorText,
  fit,
  isTalonError,
  type Actionner,
  type FalcoEvent,
  type Static,
  type Target,
  type TObject,
  type Uses,
} from '@falco-talon/core';
import { expect, it } from 'vitest';
import { withFields } from '../events/falco-event.ts';
import type { ActionnerSuite } from './actionner-suite.ts';
import { differenceProblems } from './difference-problems.ts';
import { HOSTILE_VALUES } from './hostile-values.ts';
import { PART_NAME, permissionProblems } from './part-problems.ts';
import { schemaProblems } from './schema-problems.ts';

/** What an actionner says about itself, before anything runs. */
export function actionnerDeclaration<P extends TObject, F extends TObject, U extends Uses>(
  suite: ActionnerSuite<P, F, U>,
): void {
  const { actionner } = suite;

  it('has a name, a description, known sources and a stability', () => {
    expect(actionner.name).toMatch(PART_NAME);
    expect(actionner.description.trim()).not.toBe('');
    expect(['alpha', 'beta', 'stable']).toContain(actionner.stability);
    expect(['none', 'allowed', 'required']).toContain(actionner.output);
    if (actionner.sources !== 'any') {
      expect(actionner.sources).not.toHaveLength(0);
      for (const source of actionner.sources) expect(source).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });

  it('takes only parameters it knows, describes each, and has defaults that fit', () => {
    expect(schemaProblems(actionner.parameters)).toEqual([]);
  });

  it('hands over facts of a strict schema', () => {
    expect(actionner.facts ? schemaProblems(actionner.facts, { described: false }) : []).toEqual([]);
  });

  it('names the permissions it needs', () => {
    expect(permissionProblems(actionner)).toEqual([]);
  });

  it('has examples that fit its parameters, each described in its own words', () => {
    expect(actionner.examples).not.toHaveLength(0);
    for (const { description, parameters } of actionner.examples) {
      expect(description.trim()).not.toBe('');
      const { value, issues } = fit(actionner.parameters, parameters);
      expect(issues, description).toEqual([]);
      expect(actionner.validate?.(value) ?? [], description).toEqual([]);
    }
    expect(new Set(actionner.examples.map(({ description }) => description)).size).toBe(actionner.examples.length);
  });

  it('tells differences from its namesake in short clauses, and when they matter in words and as a function', () => {
    expect(differenceProblems(actionner)).toEqual([]);
  });

  it('announces a time limit that is a number of milliseconds', () => {
    for (const { parameters } of actionner.examples) {
      const limit = actionner.timeLimit?.(fit(actionner.parameters, parameters).value) ?? 1;
      expect(Number.isSafeInteger(limit) && limit > 0, `timeLimit gave ${limit}`).toBe(true);
    }
  });

  it('finds its target from the alert alone, the same every time, whatever the fields hold', async () => {
    const { events } = await suite.begin();
    for (const { parameters: given } of actionner.examples) {
      const parameters = fit(actionner.parameters, given).value;
      for (const event of events) {
        expect(actionner.target({ event, parameters })).toEqual(actionner.target({ event, parameters }));
        expect(targetProblems(actionner, event, parameters)).toEqual([]);
      }
    }
  });
}

/** What is wrong with the targets of the alert when each of its fields in turn is missing or hostile. */
function targetProblems<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  event: FalcoEvent,
  parameters: Static<P>,
): readonly string[] {
  const fields = new Set([...(actionner.requiredFields ?? []).flat(), ...event.fields.keys()]);
  return [...fields].flatMap((field) =>
    [undefined, ...HOSTILE_VALUES].flatMap((value) => {
      const problem = targetProblem(() =>
        actionner.target({ event: withFields(event, { [field]: value }), parameters }),
      );
      return problem === undefined ? [] : [`${field} = ${String(JSON.stringify(value)).slice(0, 80)}: ${problem}`];
    }),
  );
}

function targetProblem(find: () => Target | undefined): string | undefined {
  const [first, second] = [attempt(find), attempt(find)];
  if (!isDeepStrictEqual(first, second)) return 'another target the second time';
  if (typeof first === 'string') return first.startsWith(REFUSED) ? undefined : `it throws ${first}`;
  if (first === undefined) return undefined;
  const { kind, name, namespace, uid } = first;
  if (!/^[a-z][a-z0-9.-]*$/.test(kind)) return `the kind ${kind}`;
  if (typeof name !== 'string' || name === '') return 'a target without a name';
  const texts = [namespace, uid].every((text) => text === undefined || typeof text === 'string');
  return texts ? undefined : 'a namespace or uid that is no text';
}

const REFUSED = 'TalonError: ';

/** The target; or what it throws, as text. A `TalonError` is an answer like any other. */
function attempt(find: () => Target | undefined): Target | undefined | string {
  try {
    return find();
  } catch (error) {
    return isTalonError(error) ? `${REFUSED}${error.code} ${error.message}` : errorText(error);
  }
}
