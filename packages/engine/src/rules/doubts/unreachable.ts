import type { Report } from '../report.ts';
import { matchesEverything } from '../rule.ts';
import { comparable, implies, type Comparable } from './implied.ts';
import { isMatchKnown, named, type JudgedRule } from './judged-rule.ts';

/** Earlier rules a rule is compared with, for each Falco rule it names: loading must not take quadratic time. */
const COMPARED_LIMIT = 20;

interface Stopper extends Comparable {
  readonly judged: JudgedRule;
}

/** Warns of rules that are never tried, because earlier ones with `continue: false` take every alert from them. */
export function warnOfUnreachable(rules: readonly JudgedRule[], report: Report): ReadonlySet<JudgedRule> {
  const stoppers = new Map<string | undefined, Stopper[]>();
  const unreachable = new Set<JudgedRule>();
  for (const [index, judged] of rules.entries()) {
    const { rule, block } = judged;
    if (!isMatchKnown(judged)) continue;
    const own = comparable(rule.match);
    const takers = takersOf(own, stoppers);
    if (takers) {
      unreachable.add(judged);
      const [first, second] = [...takers].map((taker) => named(taker));
      const others = takers.size > 2 ? ` and ${takers.size - 1} others` : second === undefined ? '' : ` and ${second}`;
      const verb = takers.size > 1 ? 'match every alert it would, and have' : 'matches every alert it would, and has';
      report.warning(block.name.place, `this rule is never tried: ${first}${others} ${verb} continue: false`);
    }
    if (rule.continue) continue;
    if (matchesEverything(rule.match)) {
      warnOfTheRest(judged, rules[index + 1], report);
      return new Set([...unreachable, ...rules.slice(index + 1)]);
    }
    for (const name of own.names ?? [undefined]) addTo(stoppers, name, { ...own, judged });
  }
  return unreachable;
}

function warnOfTheRest({ block }: JudgedRule, next: JudgedRule | undefined, report: Report): void {
  if (!next) return;
  report.warning(
    block.name.place,
    `no rule after this one is ever tried, as it matches every event and has continue: false (first: ${JSON.stringify(next.rule.name)})`,
  );
}

/** The earlier rules that match whatever this one would; undefined when it has alerts of its own, as far as can be told. */
function takersOf(own: Comparable, stoppers: ReadonlyMap<string | undefined, readonly Stopper[]>) {
  if (own.names?.size === 0) return undefined;
  const takers = new Set<JudgedRule>();
  for (const name of own.names ?? [undefined]) {
    const candidates = [...(stoppers.get(name) ?? []), ...(name === undefined ? [] : (stoppers.get(undefined) ?? []))];
    const taker = candidates.find((stopper) => implies(own, stopper));
    if (!taker) return undefined;
    takers.add(taker.judged);
  }
  return takers;
}

function addTo(stoppers: Map<string | undefined, Stopper[]>, name: string | undefined, stopper: Stopper): void {
  const sameName = stoppers.get(name) ?? [];
  if (sameName.length < COMPARED_LIMIT) sameName.push(stopper);
  stoppers.set(name, sameName);
}
