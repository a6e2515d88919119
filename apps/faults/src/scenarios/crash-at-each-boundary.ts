import { ACTIONS, type CrashedAction } from '../crash/actions.ts';
import { BOUNDARIES, type Boundary } from '../crash/boundaries.ts';
import { crashAt, type CrashEnd } from '../crash/crash-run.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Of the short version: one of each kind. */
const SHORT = new Set([
  'terminate',
  'label',
  'exec',
  'log',
  'tcpdump',
  'delete',
  'drain-half',
  'calico',
  'ignore-errors',
  'continue-false',
]);

async function run(run: FaultRun): Promise<void> {
  const full = run.size === 'full';
  const all = ACTIONS.filter(({ name }) => full || SHORT.has(name));
  const reference = await crashAt(run, 'reference', all, undefined);
  for (const { name, chain } of all) {
    const end = reference.actions.get(name);
    if (end?.statuses.join() !== 'success') run.expect(`without a crash, ${name} succeeds`, false);
    const steps = chain && 'ignore_errors' in chain ? 'act,next' : 'act';
    if (end?.steps.join() !== steps) run.expect(`without a crash, ${name} does ${steps}`, false);
  }
  for (const [n, boundary] of BOUNDARIES.entries()) {
    if (!full && boundary.short !== true) continue;
    const actions = all.filter((action) => boundary.only === undefined || action[boundary.only] === true);
    const end = await crashAt(run, `boundary-${n}`, actions, boundary);
    const other = actions.filter((action) => !isAsWithout(action, boundary, end, reference)).map(({ name }) => name);
    run.expect(`as without a crash${told(other)}`, other.length === 0);
    run.expect(`nothing is taken away twice${told(end.twice)}`, end.twice.length === 0);
    run.expect(`whatever is taken away is named by its uid${told(end.unnamed)}`, end.unnamed.length === 0);
  }
}

function isAsWithout(action: CrashedAction, boundary: Boundary, crashed: CrashEnd, reference: CrashEnd): boolean {
  const end = crashed.actions.get(action.name);
  const wanted = reference.actions.get(action.name);
  if (!end || !wanted || end.state !== wanted.state || end.steps.join() !== wanted.steps.join()) return false;
  if (!action.once) return end.statuses.join() === 'success';
  // Begun or not, nobody knows; it is told, and never run again.
  const unknown = boundary.before !== true && boundary.after !== true;
  return end.runs <= 1 && end.statuses.join() === (unknown ? 'failure' : 'success');
}

function told(names: readonly string[]): string {
  return names.length === 0 ? '' : `, but: ${names.join(', ')}`;
}

export const crashAtEachBoundary: Scenario = {
  name: 'crash-at-each-boundary',
  title: 'the program is killed at every point between the plan of an action and the end of its alert',
  run,
};
