import { nearest } from '@falco-talon/core';
import type { Placed } from './block.ts';
import type { Report } from './report.ts';

/** The part with this name; without one, the mistake is reported with the nearest name. */
export function lookUp<T>(name: Placed, kind: string, parts: ReadonlyMap<string, T>, report: Report): T | undefined {
  const part = parts.get(name.text);
  if (part === undefined) {
    const known = [...parts.keys()].toSorted();
    const hint = nearest(name.text, known);
    report.error(
      name.place,
      `unknown ${kind} ${JSON.stringify(name.text)}${hint === undefined ? '' : `; did you mean ${hint}?`} (${known.length === 0 ? 'none is loaded' : `known: ${known.join(', ')}`})`,
    );
  }
  return part;
}
