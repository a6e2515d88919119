import type { Difference } from '@falco-talon/core';

/** @param key the parameter, a map */
export function metadataDifferences(key: 'labels' | 'annotations'): readonly Difference[] {
  const entries = (parameters: Readonly<Record<string, unknown>>) =>
    Object.entries((parameters[key] ?? {}) as Readonly<Record<string, unknown>>);
  return [
    {
      id: 'value-type',
      effect: 'other',
      when: `a value in ${key} is not a text (true, 1)`,
      there: 'the rules are refused',
      here: 'its text is taken ("true", "1")',
      parameter: key,
      applies: ({ parameters }) =>
        entries(parameters).some(([, value]) => typeof value !== 'string' && value !== null && value !== undefined),
    },
    {
      id: 'key-pod',
      effect: 'other',
      when: `${key} has the key pod`,
      there: 'it is removed again where the target had none before',
      here: 'it is set like any other',
      parameter: key,
      applies: ({ parameters }) => entries(parameters).some(([name, value]) => name === 'pod' && value !== ''),
    },
  ];
}
