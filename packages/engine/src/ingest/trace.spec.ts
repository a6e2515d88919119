import { expect, it } from 'vitest';
import { traceOf } from './trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

it.each([`00-${traceId}-${parentId}-01`, `00-${traceId}-${parentId}-00`, `cc-${traceId}-${parentId}-01-what-may-come`])(
  'goes on with %s',
  (traceparent) => expect(traceOf({ traceparent })).toEqual({ traceId, parentId }),
);

it.each([
  undefined,
  '',
  'garbage',
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `ff-${traceId}-${parentId}-01`,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  `00-${traceId}-${parentId}-01-more`,
  `cc-${traceId}-${parentId}-01more`,
  `00-${traceId}-${parentId}-01\n`,
  ` 00-${traceId}-${parentId}-01`,
  [`00-${traceId}-${parentId}-01`],
])('begins a new trace for %j', (traceparent) => {
  const [a, b] = [traceOf({ traceparent }), traceOf({ traceparent })];
  expect(a.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(a.traceId).not.toBe(traceId);
  expect(a.traceId).not.toBe(b.traceId);
  expect(a.parentId).toBeUndefined();
});
