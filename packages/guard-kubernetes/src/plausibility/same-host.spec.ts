import { expect, it } from 'vitest';
import { isSameHost } from './same-host.ts';

it.each([
  ['node-1', 'node-1', true],
  ['Node-1', 'node-1', true],
  ['ip-10-0-0-1', 'ip-10-0-0-1.eu-west-1.compute.internal', true],
  ['ip-10-0-0-1.eu-west-1.compute.internal', 'ip-10-0-0-1', true],
  ['a.one', 'a.two', false],
  ['node-1', 'node-10', false],
  ['10', '10.0.0.1', false],
  ['10.0.0.1', '10', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['', 'node-1', false],
])('%s and %s: %s', (hostname, node, same) => {
  expect(isSameHost(hostname, node)).toBe(same);
});
