import { fit, isTalonError, type FalcoEvent, type Static, type Target, type TObject, type Uses } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { withFields } from '../events/falco-event.ts';
import type { ActionnerSuite } from './actionner-suite.ts';
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
        const target = targetOrError(suite, event, parameters);
        expect(isTalonError(target), `target() threw ${String(target)}`).toBe(false);
        expectTarget(target);
        for (const field of fieldsOf(suite, event)) {
          for (const value of HOSTILE_VALUES) expectSameTarget(suite, withFields(event, { [field]: value }), parameters);
          expectSameTarget(suite, withFields(event, { [field]: undefined }), parameters);
        }
      }
    }
  });
}

function fieldsOf<P extends TObject, F extends TObject, U extends Uses>(
  { actionner }: ActionnerSuite<P, F, U>,
  event: FalcoEvent,
): ReadonlySet<string> {
  return new Set([...(actionner.requiredFields ?? []).flat(), ...event.fields.keys()]);
}

function expectSameTarget<P extends TObject, F extends TObject, U extends Uses>(
  suite: ActionnerSuite<P, F, U>,
  event: FalcoEvent,
  parameters: Static<P>,
): void {
  const before = structuredClone([...event.fields.keys()]);
  const first = targetOrError(suite, event, parameters);
  const second = targetOrError(suite, event, parameters);
  if (isTalonError(first)) expect(isTalonError(second) && second.message === first.message).toBe(true);
  else expect(second).toEqual(first);
  if (!isTalonError(first)) expectTarget(first);
  expect([...event.fields.keys()], 'target() changed the alert').toEqual(before);
}

/** A TalonError is an answer; anything else thrown fails the test. */
function targetOrError<P extends TObject, F extends TObject, U extends Uses>(
  { actionner }: ActionnerSuite<P, F, U>,
  event: FalcoEvent,
  parameters: Static<P>,
): unknown {
  try {
    return actionner.target({ event, parameters });
  } catch (error) {
    if (isTalonError(error)) return error;
    throw error;
  }
}

function expectTarget(value: unknown): void {
  if (value === undefined) return;
  const { kind, name, namespace, uid } = value as Target;
  expect(kind).toMatch(/^[a-z][a-z0-9.-]*$/);
  expect(typeof name === 'string' && name !== '', 'the target has no name').toBe(true);
  expect(['string', 'undefined']).toContain(typeof namespace);
  expect(['string', 'undefined']).toContain(typeof uid);
}
