import { percentile } from '@falco-talon/testkit/server';
import { runReloads } from '@falco-talon/bench/reload';
import type { Scenario } from '../scenario.ts';

export const rulesChangeUnderLoad: Scenario = {
  name: 'rules-change-under-load',
  title: 'the rules change five times a second under fire, one change in three to something invalid',
  async run(run) {
    const full = run.size === 'full';
    const load = full
      ? { before: 5, seconds: 300, rate: 300, every: 200 }
      : { before: 0, seconds: 2, rate: 50, every: 200 };
    const result = await runReloads(load);
    const { sent, events, changes, versions, reloads, refusals, wrong, heap } = result;
    for (const problem of wrong.slice(0, 10)) run.say(problem);
    run.say(
      `${changes} changes, ${reloads} came into force, ${refusals} were refused; ${versions} rule sets judged alerts`,
    );
    run.say(
      `accepted ${sent} = judged by one complete, valid rule set ${events - wrong.length} + judged otherwise ${wrong.length} + unexplained ${sent - events}`,
    );
    run.say(`answers: p99 ${percentile(result.latencies, 0.99).toFixed(1)} ms`);
    run.expect('every alert was judged by exactly one complete, valid rule set', events === sent && wrong.length === 0);
    run.expect('more than one rule set was at work', versions > 1);
    run.expect('clients are closed with the rules that needed them', result.clientsTooMany + result.clientsLeft === 0);
    run.expect('no file watch is left over', result.watches === 0);
    run.expect('SIGTERM in the middle of a change: exit code 0', result.exitCode === 0);
    if (full) {
      const [early = NaN, late = NaN] = [heap.slice(10, 20), heap.slice(-10)].map((part) => percentile(part, 0.5));
      run.say(`memory in use: ${early.toFixed(1)} MiB early, ${late.toFixed(1)} MiB at the end`);
      run.expect('memory does not grow', late - early <= 10);
    }
  },
};
