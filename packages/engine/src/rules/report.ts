import { nearest, type Issue } from '@falco-talon/core';
import type { Problem } from './rule.ts';
import { pathOf, pathText, placeOfIssue, type Place, type YamlEntry, type YamlSource } from './yaml-node.ts';

const HINTS_LIMIT = 50;

/** Collects what is wrong in rules files. The same problem at the same place, as a shared action has it, counts once. */
export interface Report {
  error(place: Place, message: string): void;
  warning(place: Place, message: string): void;
  /** Issues that `fit` or a plugin found in the value of `entry`. */
  issues(entry: YamlEntry, issues: readonly Issue[], fitted: unknown): void;
  add(problems: readonly Problem[]): void;
  /** The nearest name, for the first mistakes only: each costs a look at every name there is. */
  nearest(word: string, names: Iterable<string>): string | undefined;
  /** Paths through the block with this index begin with its name from now on. */
  nameBlock(source: YamlSource, index: number, name: string): void;
  /** By file in the order given, line and column. */
  all(files: readonly string[]): Problem[];
}

export function createReport(): Report {
  const problems = new Map<string, Problem>();
  const blockNames = new Map<YamlSource, Map<number, string>>();

  function add(problem: Problem): void {
    const key = `${problem.file}\0${problem.line}\0${problem.column}\0${problem.message}`;
    if (!problems.has(key)) problems.set(key, problem);
  }

  function at(place: Place, path: readonly (string | number)[], severity: Problem['severity'], message: string): void {
    const [block, ...rest] = path;
    const name = typeof block === 'number' ? blockNames.get(place.source)?.get(block) : undefined;
    const below = pathText(rest);
    const text =
      name === undefined ? pathText(path) : `${name}${below === '' || below.startsWith('[') ? '' : '.'}${below}`;
    add({ ...place.source.position(place.offset), length: place.length, severity, path: text, message });
  }

  let hints = HINTS_LIMIT;

  return {
    nearest: (word, names) => (hints-- > 0 ? nearest(word, names) : undefined),
    error: (place, message) => at(place, pathOf(place), 'error', message),
    warning: (place, message) => at(place, pathOf(place), 'warning', message),
    issues(entry, issues, fitted) {
      for (const issue of issues) {
        const place = placeOfIssue(entry, issue.path, fitted);
        at(place, pathOf(place), 'error', issue.message);
      }
    },
    add: (list) => list.forEach(add),
    nameBlock(source, index, name) {
      const names = blockNames.get(source) ?? new Map<number, string>();
      blockNames.set(source, names.set(index, name));
    },
    all(files) {
      const order = new Map(files.map((file, index) => [file, index]));
      const rank = (problem: Problem) => order.get(problem.file) ?? files.length;
      return [...problems.values()].toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
    },
  };
}
