import { isExactNumber, valueText } from '@falco-talon/core';

/** One value that is not as expected. Texts as people write them in YAML; `nothing` where there is none. */
export interface ValueDifference {
  /** From the compared value down. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got: string;
}

/**
 * What differs. Entries of maps that are not expected may be there unless `exact`; lists must have the same items.
 * Numbers are equal when they are written with the same digits.
 */
export function compareValues(
  expected: unknown,
  got: unknown,
  exact: boolean,
  path: readonly (string | number)[] = [],
): ValueDifference[] {
  if (isMap(expected) && isMap(got)) return compareMaps(expected, got, exact, path);
  if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length) {
    return expected.flatMap((item, index) => compareValues(item, got[index], exact, [...path, index]));
  }
  const same = !isContainer(expected) && !isContainer(got) && valueText(expected) === valueText(got);
  return same ? [] : [{ path, expected: shown(expected), got: shown(got) }];
}

type Entries = Readonly<Record<string, unknown>>;

function compareMaps(expected: Entries, got: Entries, exact: boolean, path: ValueDifference['path']) {
  const differences = Object.keys(expected).flatMap((key) =>
    compareValues(expected[key], Object.hasOwn(got, key) ? got[key] : undefined, exact, [...path, key]),
  );
  if (!exact) return differences;
  for (const key of Object.keys(got)) {
    if (!Object.hasOwn(expected, key)) {
      differences.push({ path: [...path, key], expected: 'nothing', got: shown(got[key]) });
    }
  }
  return differences;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isExactNumber(value);
}

export function isMap(value: unknown): value is Entries {
  return isContainer(value) && !Array.isArray(value);
}

/** JSON is YAML, tells `"5"` from `5`, and keeps every digit. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
