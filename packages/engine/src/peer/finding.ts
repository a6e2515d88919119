import type { Difference, DifferenceEffect } from '@falco-talon/core';
import type { Position } from '../rules/rule.ts';
import { pathOf, pathText, type Place } from '../rules/yaml-node.ts';
import { LANGUAGE_DIFFERENCES, type LanguageId } from './language-differences.ts';

/** A place where a rule acts otherwise than in the Go engine. */
export interface PeerDifference extends Position {
  readonly severity: 'differs';
  /** As in problems of rules: what is underlined. */
  readonly length: number;
  /** `source-alias`, or that of an actionner: `kubernetes:terminate/grace-period`. */
  readonly id: string;
  readonly effect: DifferenceEffect;
  /** As in problems of rules. */
  readonly path: string;
  readonly message: string;
}

/** Collects differences; the same one at the same place, as shared actions have it, counts once. */
export interface Findings {
  add(place: Place, id: LanguageId): void;
  addOf(place: Place, part: string, difference: Difference): void;
  /** What a rule does more comes first, then in the order they were found: by file, line and column. */
  all(files: readonly string[]): readonly PeerDifference[];
}

const BY_ID = new Map<string, (typeof LANGUAGE_DIFFERENCES)[number]>(
  LANGUAGE_DIFFERENCES.map((difference) => [difference.id, difference]),
);
const EFFECTS: readonly DifferenceEffect[] = ['more', 'less', 'other'];

/** @param nameOf the name of the block at an index of a file's list */
export function createFindings(nameOf: (place: Place, index: number) => string | undefined): Findings {
  const found = new Map<string, PeerDifference>();

  function put(place: Place, id: string, { effect, there, here }: Pick<Difference, 'effect' | 'there' | 'here'>): void {
    const position = place.source.position(place.offset);
    const key = JSON.stringify([position.file, position.line, position.column, id]);
    const message = `in the Go engine, ${there}; here ${here}`;
    if (!found.has(key))
      found.set(key, {
        ...position,
        length: place.length,
        severity: 'differs',
        id,
        effect,
        path: path(place),
        message,
      });
  }

  function path(place: Place): string {
    const [block, ...rest] = pathOf(place);
    const name = typeof block === 'number' ? nameOf(place, block) : undefined;
    return name === undefined
      ? pathText(pathOf(place))
      : [name, pathText(rest)].filter((text) => text !== '').join('.');
  }

  return {
    add: (place, id) => put(place, id, BY_ID.get(id)!),
    addOf: (place, part, difference) => put(place, `${part}/${difference.id}`, difference),
    all(files) {
      const order = new Map(files.map((file, index) => [file, index]));
      const rank = ({ effect }: PeerDifference) => EFFECTS.indexOf(effect);
      const file = (one: PeerDifference) => order.get(one.file) ?? files.length;
      return [...found.values()].toSorted(
        (a, b) => rank(a) - rank(b) || file(a) - file(b) || a.line - b.line || a.column - b.column,
      );
    },
  };
}
