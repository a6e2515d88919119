import type { DifferenceEffect } from '@falco-talon/core';
import { problemFormatter } from '../rules/format-problem.ts';
import type { RuleFile } from '../rules/rule.ts';
import type { PeerDifference } from './finding.ts';

const HEADINGS: Readonly<Record<DifferenceEffect, string>> = {
  more: 'acts here where it did not act, or goes further than in the Go engine; look at these first',
  less: 'acts here on fewer alerts, or does less than in the Go engine',
  other: 'acts otherwise here than in the Go engine',
};

/** Under a heading for each effect, each with its place and its line; empty without differences. */
export function formatDifferences(differences: readonly PeerDifference[], files: readonly RuleFile[]): string {
  const format = problemFormatter(files);
  return Object.entries(HEADINGS)
    .map(([effect, heading]) => {
      const mine = differences.filter((difference) => difference.effect === effect);
      if (mine.length === 0) return '';
      return [`${mine.length === 1 ? '1 place' : `${mine.length} places`}: ${heading}`, ...mine.map(format)].join('\n');
    })
    .filter((text) => text !== '')
    .join('\n\n');
}
