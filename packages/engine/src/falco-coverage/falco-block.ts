import type { Position } from '../rules/rule.ts';
import type { Place, YamlMap } from '../rules/yaml-node.ts';

/** Says what is wrong in a Falco rules file; `path` begins with the name of the rule. */
export type ReportFalco = (place: Place, path: readonly (string | number)[], message: string) => void;

/** One `- rule:` block of Falco. */
export interface FalcoBlock {
  readonly name: string;
  readonly map: YamlMap;
  /** `key` is one below the rule; empty for the rule as a whole. */
  readonly report: (place: Place, key: string, message: string) => void;
}

export function positionOf({ source, offset }: Place): Position {
  return source.position(offset);
}
