import { Type, type Difference, type Issue } from '@falco-talon/core';
import { nameParameter } from '../name-parameter.ts';
import { normalCidr } from './cidr.ts';

/** Parameter: ranges that may still be reached. */
export function allowedRanges(ranges: readonly string[]) {
  return Type.Array(Type.String(), {
    default: [...ranges],
    description: 'Address ranges that may still be reached: 10.0.0.0/8, 2001:db8::/32, or one address.',
  });
}

/** Parameter: namespaces that may still be reached. */
export function allowedNamespaces(description: string) {
  return Type.Array(nameParameter('a namespace'), { default: [], description });
}

/** Of every policy with `allow_namespaces`. */
export const allowedNamespacesDifference: Difference = {
  id: 'allowed-namespaces',
  effect: 'less',
  when: 'allow_namespaces is given',
  there: 'namespaces are chosen by a label that none has (k8s.io/metadata.name), so none of them can be reached',
  here: 'their pods can still be reached',
  parameter: 'allow_namespaces',
  applies: ({ parameters }) => parameters['allow_namespaces'] !== undefined,
};

/** What a schema cannot say of `allow_cidr`. */
export function rangeIssues(ranges: readonly string[]): readonly Issue[] {
  return ranges.flatMap((range, index) =>
    normalCidr(range) === undefined
      ? [
          {
            path: ['allow_cidr', index],
            message: `${JSON.stringify(range)} is no address range; write 10.0.0.0/8, 2001:db8::/32 or one address`,
          },
        ]
      : [],
  );
}

/** The ranges in their canonical form, each once. */
export function normalRanges(ranges: readonly string[]): readonly string[] {
  return [...new Set(ranges.map((text) => normalCidr(text) ?? text))];
}
