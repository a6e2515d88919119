import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { podSchema } from '../schema/pod.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

const anyJson = fc.jsonValue().map((value) => structuredClone(value) as Json);
const anyObject = fc.dictionary(fc.string(), anyJson).map((value) => ({ ...value }) as JsonObject);

describe('merge patch', () => {
  // The examples of RFC 7386, appendix A.
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('changes nothing the second time, and never its input', () => {
    fc.assert(
      fc.property(anyObject, anyObject, (target, patch) => {
        const before = JSON.stringify(target);
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        expect(JSON.stringify(target)).toBe(before);
      }),
    );
  });

  it('sets a key called __proto__ as a key', () => {
    const patched = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}') as Json);
    expect(Object.hasOwn(patched as object, '__proto__')).toBe(true);
    expect((patched as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('JSON patch', () => {
  it.each<[string, Json[], Json]>([
    ['add to the middle of a list', [{ op: 'add', path: '/list/1', value: 9 }], { list: [1, 9, 2], map: { 'a/b': 1 } }],
    ['add to its end', [{ op: 'add', path: '/list/-', value: 9 }], { list: [1, 2, 9], map: { 'a/b': 1 } }],
    ['escapes', [{ op: 'replace', path: '/map/a~1b', value: 2 }], { list: [1, 2], map: { 'a/b': 2 } }],
    ['remove', [{ op: 'remove', path: '/list/0' }], { list: [2], map: { 'a/b': 1 } }],
    ['move', [{ op: 'move', from: '/map/a~1b', path: '/list/0' }], { list: [1, 1, 2], map: {} }],
    ['copy', [{ op: 'copy', from: '/list', path: '/map/c' }], { list: [1, 2], map: { 'a/b': 1, c: [1, 2] } }],
    [
      'replace what is missing',
      [{ op: 'replace', path: '/map/new', value: 1 }],
      { list: [1, 2], map: { 'a/b': 1, new: 1 } },
    ],
  ])('%s', (_name, patch, result) => {
    expect(jsonPatch({ list: [1, 2], map: { 'a/b': 1 } }, patch)).toEqual(result);
  });

  it.each<[string, Json]>([
    ['a missing parent', [{ op: 'add', path: '/none/x', value: 1 }]],
    ['an index past the end', [{ op: 'add', path: '/list/9', value: 1 }]],
    ['a key in a list', [{ op: 'add', path: '/list/x', value: 1 }]],
    ['a replaced index past the end', [{ op: 'replace', path: '/list/2', value: 1 }]],
    ['a removed index past the end', [{ op: 'remove', path: '/list/2' }]],
    ['a copy from nowhere', [{ op: 'copy', from: '/none', path: '/x' }]],
    ['a path without its slash', [{ op: 'add', path: 'x', value: 1 }]],
    ['an operation that is no object', [1]],
  ])('refuses %s', (_name, patch) => {
    expect(() => jsonPatch({ list: [1, 2] }, patch)).toThrow('refused with 422');
  });
});

describe('strategic merge patch', () => {
  const pod = (containers: Json[]): JsonObject => ({ spec: { containers } });
  const merged = (patch: Json[]): Json =>
    strategicMerge(podSchema, pod([{ name: 'a', image: '1', command: ['x'] }, { name: 'b' }]), pod(patch));

  it('merges containers by name and puts new ones first', () => {
    expect(merged([{ name: 'a', image: '2' }, { name: 'new' }])).toEqual(
      pod([{ name: 'new' }, { name: 'a', image: '2', command: ['x'] }, { name: 'b' }]),
    );
  });

  it('deletes and replaces when told to', () => {
    expect(merged([{ $patch: 'delete', name: 'a' }])).toEqual(pod([{ name: 'b' }]));
    expect(merged([{ $patch: 'replace' }, { name: 'c' }])).toEqual(pod([{ name: 'c' }]));
    const labels = { metadata: { labels: { $patch: 'replace', x: '1' } } };
    expect(strategicMerge(podSchema, { metadata: { labels: { y: '1' } } }, labels)).toEqual({
      metadata: { labels: { x: '1' } },
    });
  });

  it('replaces a list without a merge key and adds to a set', () => {
    const current = { metadata: { finalizers: ['a'] }, spec: { tolerations: [{ key: 'x' }] } };
    const patch = { metadata: { finalizers: ['a', 'b'] }, spec: { tolerations: [{ key: 'y' }] } };
    expect(strategicMerge(podSchema, current, patch)).toEqual({
      metadata: { finalizers: ['a', 'b'] },
      spec: { tolerations: [{ key: 'y' }] },
    });
    const without = { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } };
    expect(strategicMerge(podSchema, current, without)).toMatchObject({ metadata: { finalizers: [] } });
  });

  it('does to labels what a merge patch does', () => {
    const values = fc.dictionary(fc.string(), fc.option(fc.string()));
    fc.assert(
      fc.property(values, values, (old, patch) => {
        const current = { metadata: { labels: { ...old } } };
        const change = { metadata: { labels: { ...patch } } };
        expect(strategicMerge(podSchema, current, change)).toEqual(mergePatch(current, change));
      }),
    );
  });
});
