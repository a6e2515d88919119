import { errorText, type Difference, type TObject } from '@falco-talon/core';
import { PART_NAME } from './part-problems.ts';

interface Declared {
  readonly parameters: TObject;
  readonly differences?: readonly Difference[];
}

/** Written in every way somebody could write them. */
const VALUES = [undefined, null, '', 'text', '$1', 0, true, [], ['a'], {}, { a: null }];

export function differenceProblems({ parameters, differences = [] }: Declared): readonly string[] {
  const keys = Object.keys(parameters.properties);
  const ids = differences.map(({ id }) => id);
  return differences.flatMap((difference, index) => {
    const { id, effect, when, there, here, parameter, applies } = difference;
    const problems: string[] = [];
    if (!PART_NAME.test(id)) problems.push('its id is no short name');
    if (ids.indexOf(id) !== index) problems.push('its id is used twice');
    if (!['more', 'less', 'other'].includes(effect)) problems.push(`its effect is ${String(effect)}`);
    if ([when ?? 'x', there, here].some((text) => text.trim() === '' || /^[A-Z][a-z]* [a-z]|[.!]$/.test(text)))
      problems.push('its texts are no clauses: they begin with a capital or end with a full stop');
    if ((when === undefined) !== (applies === undefined)) problems.push('when and applies come together');
    if (parameter !== undefined && !keys.includes(parameter)) problems.push(`there is no parameter ${parameter}`);
    return [...problems, ...(applies ? thrown(difference, keys) : [])].map((problem) => `${id}: ${problem}`);
  });
}

function thrown(difference: Difference, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) =>
    VALUES.flatMap((value) => {
      try {
        const written = { parameters: { [key]: value }, continue: undefined, isLast: true };
        const answer: unknown = difference.applies?.(written);
        return typeof answer === 'boolean' ? [] : [`applies gives ${String(answer)}`];
      } catch (error) {
        return [`applies throws for ${key}: ${String(JSON.stringify(value))}: ${errorText(error)}`];
      }
    }),
  );
}
