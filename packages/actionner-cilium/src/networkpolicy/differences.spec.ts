import { expect, it } from 'vitest';
import { differences } from './differences.ts';

it.each<[string, has: Readonly<Record<string, unknown>>, hasNot: Readonly<Record<string, unknown>>]>([
  ['cluster', {}, { allow_namespaces: ['a'] }],
  ['ranges', { allow_namespaces: ['a'] }, { allow_namespaces: ['a'], allow_cidr: [] }],
  ['allowed-namespaces', { allow_namespaces: ['a'] }, {}],
])('%s concerns an action that says %j, not one that says %j', (id, has, hasNot) => {
  const { applies } = differences.find((difference) => difference.id === id)!;
  const written = { continue: undefined, isLast: true };
  expect(applies?.({ ...written, parameters: has })).toBe(true);
  expect(applies?.({ ...written, parameters: hasNot })).toBe(false);
});
