import { expect, it } from 'vitest';
import { readLine } from './received.ts';

const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

it.each([
  '',
  '[]',
  'null',
  '1',
  '{',
  '{"type":"ERROR"}',
  '{"type":"ADDED","object":{}}',
  '{"type":"ADDED","object":{"metadata":{"name":1,"uid":"u","resourceVersion":"1"}}}',
  '{"type":"constructor","object":{"metadata":{"name":"a","uid":"u","resourceVersion":"1"}}}',
  '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":1}}}',
  `{"type":"ERROR","object":${deep(1_000_000)}}`,
])('%.80s is no event', (line) => {
  expect(readLine(line)).toBeUndefined();
});

it('an error keeps its status, and its body what the server said', () => {
  const said = readLine('{"type":"ERROR","object":{"code":410,"message":"too old"}}');
  expect(said).toMatchObject({ type: 'error', status: 410 });
  expect(said?.type === 'error' && JSON.parse(said.body.toString())).toEqual({ code: 410, message: 'too old' });
  expect(readLine('{"type":"ERROR","object":{"code":200}}')).toMatchObject({ status: 500 });
});
