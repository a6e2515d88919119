import type { Alerts } from './alerts-of.ts';
import type { FindingKind } from './coverage.ts';
import { listed, listedFields } from './finding-words.ts';
import type { JudgedCriterion } from './judged-criteria.ts';

export interface CriterionFinding {
  readonly kind: FindingKind;
  /** Of the item in the criterion's list; absent: the criterion as a whole. */
  readonly index?: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** Whose alerts it is about. */
  readonly alerts: readonly Alerts[];
  readonly fields: readonly string[];
}

export interface Candidates {
  /** The rules of Falco that may be meant. */
  readonly alerts: readonly Alerts[];
  /** True when the rule names them: then each one that is left out is worth a word. */
  readonly named: boolean;
  /** All rules of Falco, to say what there is. */
  readonly all: readonly Alerts[];
  /** Fields that are surely none of somebody's mistakes. */
  readonly knownFields: ReadonlySet<string>;
}

/** Criterion by criterion: for which of the candidates can it hold? Returns those for which all of them can. */
export function checkCriteria(
  criteria: readonly JudgedCriterion[],
  candidates: Candidates,
  report: (finding: CriterionFinding) => void,
): readonly Alerts[] {
  const { alerts, named, all, knownFields } = candidates;
  let alive = alerts;
  for (const criterion of criteria) {
    const left = alive.filter((candidate) => criterion.certainty(candidate) !== false);
    const failing = without(alive, left);
    const none = left.length === 0;
    if (failing.length > 0 && (named || none)) {
      const what = `${criterion.kind} ${JSON.stringify(criterion.expected)}`;
      const others = alive.length < all.length ? ' that is left by the other criteria' : '';
      report({
        kind: criterion.kind,
        severity: none ? 'error' : 'warning',
        message: named
          ? `${what} never holds for ${reasons(criterion, failing, knownFields)}${none ? criterion.hint(all) : ''}`
          : `${what} never holds: no enabled rule of Falco${others} has that${criterion.hint(all)}`,
        alerts: failing,
        fields: lacking(criterion, failing),
      });
    }
    if (!none) reportDead(criterion, alive, candidates, report);
    alive = left;
    if (none) break;
  }
  return alive;
}

function without(alerts: readonly Alerts[], some: readonly Alerts[]): readonly Alerts[] {
  const left = new Set(some);
  return alerts.filter((candidate) => !left.has(candidate));
}

/** Alternatives that hold for none of the candidates, beside others that do. */
function reportDead(
  criterion: JudgedCriterion,
  alive: readonly Alerts[],
  { all, knownFields }: Candidates,
  report: (finding: CriterionFinding) => void,
): void {
  for (const [index, alternative] of criterion.alternatives.entries()) {
    if (!alive.every((candidate) => alternative.certainty(candidate) === false)) continue;
    report({
      kind: criterion.kind,
      index,
      severity: 'warning',
      message: `${JSON.stringify(alternative.expected)} never holds for ${reasons(alternative, alive, knownFields)}${alternative.hint(all)}`,
      alerts: alive,
      fields: lacking(alternative, alive),
    });
  }
}

const EXPLAINED = 5;

/** `"A" (Notice) and "B" (Debug)`, `"A", whose alerts never carry fd.rip` */
function reasons(criterion: JudgedCriterion, failing: readonly Alerts[], knownFields: ReadonlySet<string>): string {
  const lacks = lacking(criterion, failing);
  const names = failing.map(({ rule }) => rule.name);
  if (lacks.length > 0) return `${listed(names)}, whose alerts never carry ${listedFields(lacks, knownFields)}`;
  if (failing.length > EXPLAINED) return listed(names);
  return failing
    .map((alerts) => `${JSON.stringify(alerts.rule.name)} (${criterion.reason(alerts).has ?? ''})`)
    .join(', ');
}

function lacking(criterion: JudgedCriterion, failing: readonly Alerts[]): readonly string[] {
  return [...new Set(failing.flatMap((alerts) => criterion.reason(alerts).lacks ?? []))];
}
