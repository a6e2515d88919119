import { fit, jsonSchema, type Actionner, type Issue, type Output, type TSchema } from '@falco-talon/core';
import type { Report } from './report.ts';
import { validated } from './validated.ts';
import { plainValue, type YamlEntry } from './yaml-node.ts';

type Part = Pick<Actionner | Output, 'parameters' | 'validate'>;
type Parameters = Record<string, unknown>;

/** The parameters with their defaults; undefined after what is wrong with them was reported. */
export function checkParameters(part: Part, entry: YamlEntry, report: Report): Parameters | undefined {
  const { value, issues } = fit(part.parameters, plainValue(entry.value));
  report.issues(entry, issues, value);
  const parameters = value as Parameters;
  if (issues.length > 0) {
    // A mistake in one key does not hide those of the others. What is said about all of them may follow from it.
    const broken = new Set(issues.map(({ path }) => path[0]));
    const sound = givenKeys(entry).filter((key) => !broken.has(key));
    report.issues(entry, doubtsAbout(sound, part, parameters), value);
    return undefined;
  }
  const doubts = validated(() => part.validate?.(parameters) ?? []);
  report.issues(entry, doubts, value);
  return doubts.length === 0 ? parameters : undefined;
}

/** Those of a shared action: each key by itself, as the rules that use it may add what is missing and replace what is there. */
export function checkSharedParameters(part: Part, entry: YamlEntry, report: Report): void {
  const lenient = { ...jsonSchema(part.parameters), required: [] } as unknown as TSchema;
  const { value, issues } = fit(lenient, plainValue(entry.value));
  report.issues(entry, issues, value);
  const parameters = value as Parameters;
  for (const key of givenKeys(entry)) report.issues(entry, doubtsAbout([key], part, parameters), value);
}

/** What the part's own check says about these keys, when they are enough for it to be asked. */
function doubtsAbout(keys: readonly string[], part: Part, parameters: Parameters): readonly Issue[] {
  const given = keys.filter((key) => Object.hasOwn(parameters, key)).map((key) => [key, parameters[key]] as const);
  const { value, issues } = fit(part.parameters, Object.fromEntries(given));
  if (issues.length > 0) return [];
  return validated(() => part.validate?.(value as Parameters) ?? []).filter(({ path }) =>
    keys.some((key) => key === path[0]),
  );
}

function givenKeys({ value }: YamlEntry): readonly string[] {
  return value.kind === 'map' ? Object.keys(plainValue(value) as object) : [];
}
