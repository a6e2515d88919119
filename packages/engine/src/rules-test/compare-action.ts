import { fit, jsonSchema, targetText, type FalcoEvent, type TSchema } from '@falco-talon/core';
import { stepTarget, tokensIn } from '../explain/explain-step.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Registry } from '../registry/registry.ts';
import { compareValues, isMap, shown, type ValueDifference } from './compare-values.ts';
import { hintAt, listed } from './difference.ts';
import type { ExpectedAction } from './test-file-schema.ts';

export interface ActionDifference extends ValueDifference {
  readonly because?: readonly string[];
}

type Compare = (
  expected: ExpectedAction,
  step: PlannedStep,
  event: FalcoEvent,
  registry: Registry,
) => ActionDifference[];

/** What a step of the plan has that the test does not expect. Paths begin at the action. */
export const compareAction: Compare = (expected, step, event, registry) => [
  ...scalar('actionner', expected.actionner, step.actionner, registry.actionners.keys()),
  ...compareParameters(expected, step, registry),
  ...compareSets('contexts', expected.contexts, step.contexts),
  ...compareOutput(expected.output, step, registry),
  ...compareTokens(expected.tokens, step, event, registry),
  ...scalar('target', expected.target, targetOf(step, event, registry)),
  ...scalar('continue', expected.continue, step.continue),
  ...scalar('ignore_errors', expected.ignore_errors, step.ignoreErrors),
];

/** Nothing when the test does not say. */
export function scalar(
  key: string,
  expected: string | boolean | undefined,
  got: string | boolean,
  known: Iterable<string> = [],
): ActionDifference[] {
  if (expected === undefined || expected === got) return [];
  const names = [...known];
  const unknown = names.length > 0 && !names.includes(String(expected));
  const because = unknown ? [`there is no ${key} of this name${hintAt(String(expected), names)}`] : [];
  return [{ path: [key], expected: shown(expected), got: shown(got), because }];
}

/** The order does not count, nor does the case of letters in names that are told apart without it. */
export function compareSets(
  key: string,
  expected: readonly string[] | undefined,
  got: readonly string[],
  form = (name: string) => name,
): ActionDifference[] {
  if (expected === undefined) return [];
  const [wanted, found] = [new Set(expected.map(form)), new Set(got.map(form))];
  if (wanted.symmetricDifference(found).size === 0) return [];
  return [{ path: [key], expected: listed(expected), got: listed(got) }];
}

/** Values are read as those of the rules: `5` and `"5"` are the same where a number is asked for. */
function compareParameters(
  { parameters, exact = false }: ExpectedAction,
  step: PlannedStep,
  registry: Registry,
): ActionDifference[] {
  if (parameters === undefined) return [];
  const schema = registry.actionners.get(step.actionner)?.part.parameters;
  return compareFitted('parameters', { expected: parameters, got: step.parameters, schema, exact });
}

interface Compared {
  readonly expected: object;
  readonly got: unknown;
  readonly schema: TSchema | undefined;
  readonly exact: boolean;
}

function compareFitted(key: string, { expected, got, schema, exact }: Compared): ActionDifference[] {
  const fitted = schema ? fit({ ...jsonSchema(schema), required: [] } as unknown as TSchema, expected) : undefined;
  const issues = fitted?.issues ?? [];
  if (issues.length > 0) {
    return issues.map(({ path, message }) => ({
      path: [key, ...path],
      expected: shown(valueAt(expected, path)),
      got: message,
    }));
  }
  const given = fitted ? onlyKeysOf(expected, fitted.value) : expected;
  return compareValues(given, got, exact, [key]);
}

function valueAt(value: unknown, path: ValueDifference['path']): unknown {
  return path.reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null && Object.hasOwn(found, key)
      ? (found as Readonly<Record<string | number, unknown>>)[key]
      : undefined;
  }, value);
}

/** Without the defaults that `fit` adds. */
function onlyKeysOf(given: unknown, fitted: unknown): unknown {
  if (!isMap(given) || !isMap(fitted)) return fitted;
  const keys = Object.keys(given).filter((key) => Object.hasOwn(fitted, key));
  return Object.fromEntries(keys.map((key) => [key, onlyKeysOf(given[key], fitted[key])]));
}

function compareOutput(expected: ExpectedAction['output'], { output }: PlannedStep, registry: Registry) {
  if (expected === undefined) return [];
  const target = output?.target ?? 'none';
  if (typeof expected === 'string') return scalar('output', expected, target, ['none', ...registry.outputs.keys()]);
  if (!output) return [{ path: ['output'], expected: shown(expected), got: 'none' }];
  const below = [
    ...scalar('target', expected.target, target, registry.outputs.keys()),
    ...(expected.parameters === undefined
      ? []
      : compareFitted('parameters', {
          expected: expected.parameters,
          got: output.parameters,
          schema: registry.outputs.get(target)?.part.parameters,
          exact: false,
        })),
    ...scalar('wait', expected.wait, output.wait ?? false),
  ];
  return below.map((difference) => ({ ...difference, path: ['output', ...difference.path] }));
}

function compareTokens(
  expected: ExpectedAction['tokens'],
  step: PlannedStep,
  event: FalcoEvent,
  registry: Registry,
): ActionDifference[] {
  return expected === undefined ? [] : compareValues(expected, tokensIn(step, event, registry), false, ['tokens']);
}

function targetOf(step: PlannedStep, event: FalcoEvent, registry: Registry): string {
  const { target, failure } = stepTarget(step, event, registry);
  return target ? targetText(target) : failure === undefined ? 'none' : `none: ${failure}`;
}
