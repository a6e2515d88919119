import { singularKind } from '@falco-talon/core';
import { compileGlob } from '../condition/glob.ts';

export interface ProtectedLists {
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
  readonly kinds: readonly string[];
}
type Test = (text: string) => boolean;
type Compiled = Readonly<Record<keyof ProtectedLists, Test>>;

/** By the settings they are compiled from: those of an engine never change. */
const compiled = new WeakMap<ProtectedLists, Compiled>();

export function compileLists(lists: ProtectedLists): Compiled {
  let tests = compiled.get(lists);
  if (!tests) {
    const kinds = new Set(lists.kinds.map((kind) => singularKind(kind)));
    tests = { namespaces: anyOf(lists.namespaces), names: anyOf(lists.names), kinds: (kind) => kinds.has(kind) };
    compiled.set(lists, tests);
  }
  return tests;
}

function anyOf(patterns: readonly string[]): Test {
  const tests = patterns.map(compileGlob);
  return (text) => tests.some((test) => test(text));
}
