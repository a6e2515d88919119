import { percentile } from '@falco-talon/testkit/server';
import { account, sayAccount } from '../harness/index.ts';
import { runReloads } from '../reload/reload-run.ts';
import type { Scenario } from '../scenario.ts';

export const rulesChangeUnderLoad: Scenario = {
  name: 'rules-change-under-load',
  title: 'the rules change five times a second under fire, one change in three to something invalid',
  async run(run) {
    const full = run.size === 'full';
    const load = full
      ? { before: 10, seconds: 300, rate: 300, every: 200 }
      : { before: 0, seconds: 2, rate: 50, every: 200 };
    const result = await runReloads(run, load);
    const { sent, events, changes, versions, reloads, refusals, wrong, heap } = result;
    const accepted = sent.filter(({ outcome }) => outcome === 'accepted').length;
    for (const problem of wrong.slice(0, 10)) run.say(problem);
    run.say(
      `${changes} changes, ${reloads} came into force, ${refusals} were refused; ${versions} rule sets judged alerts`,
    );
    sayAccount(run, await account({ sent, lines: result.talon.lines(), steps: 2 }));
    run.expect('no alert was refused', accepted === sent.length);
    run.expect(
      'every alert was judged by exactly one complete, valid rule set',
      events === accepted && wrong.length === 0,
    );
    run.expect('more than one rule set was at work', versions > 1);
    run.expect('the metric tells a refused change and a good one', result.lastGood.join() === '0,1');
    run.expect('clients are closed with the rules that needed them', result.clientsTooMany + result.clientsLeft === 0);
    run.expect('no file watch is left over', result.watches === 0);
    run.expect('SIGTERM in the middle of a change: exit code 0', result.exitCode === 0);
    const [p95, p95Quiet] = [result.latencies, result.quiet].map((all) => percentile(all, 0.95));
    run.say(`answers: p95 ${p95?.toFixed(1)} ms${full ? `, ${p95Quiet?.toFixed(1)} ms before the changes` : ''}`);
    if (full) {
      run.expect('answers take less than three times as long', (p95 ?? NaN) < 3 * (p95Quiet ?? NaN));
      run.expect('many rule sets were at work', versions >= 20 && refusals >= 5 && result.clients >= 2);
      const [early = NaN, late = NaN] = [heap.slice(10, 20), heap.slice(-10)].map((part) => percentile(part, 0.5));
      run.say(`memory in use: ${early.toFixed(1)} MiB early, ${late.toFixed(1)} MiB at the end`);
      run.expect('memory does not grow', late - early <= 10);
    }
  },
};
