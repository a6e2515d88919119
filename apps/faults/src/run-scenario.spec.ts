import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import type { FaultRun } from './scenario.ts';

const never = () => new Promise<never>(() => {});

function ran(run: (run: FaultRun) => unknown, limit = 10_000, grace = 10_000) {
  const scenario = { name: 'spec', title: 'a spec', run: async (given: FaultRun) => void (await run(given)) };
  return runScenario(scenario, 'short', limit, grace);
}

it('holds when all that was expected does', async () => {
  const { lines, failures } = await ran((run) => {
    run.say('a figure');
    run.expect('this', true);
  });
  expect(lines).toEqual(['a figure', 'holds: this']);
  expect(failures).toEqual([]);
});

it('fails when something does not, or is thrown, and goes on to the end', async () => {
  const { failures } = await ran((run) => {
    run.expect('this', false);
    run.expect('that', true);
    throw new Error('broken');
  });
  expect(failures).toEqual(['this', expect.stringContaining('broken')]);
});

it('fails when nothing was expected: it has shown nothing', async () => {
  expect((await ran(() => {})).failures).toEqual(['nothing was expected of the program']);
});

it('tells what could not be shown, which is no failure', async () => {
  const { lines, failures, leftOut } = await ran((run) => {
    run.expect('this', true);
    run.leaveOut('that: there is no strace');
  });
  expect(lines).toEqual(['holds: this', 'left out: that: there is no strace']);
  expect({ failures, leftOut }).toEqual({ failures: [], leftOut: ['that: there is no strace'] });
});

it('ends at its limit, also when the scenario does not look at its signal, and is cleaned up', async () => {
  const ended: string[] = [];
  let directory = '';
  const { failures } = await ran(
    (run) => {
      ({ directory } = run);
      run.cleanUp(() => ended.push('first'));
      run.cleanUp(never);
      run.cleanUp(() => ended.push('last'));
      return never();
    },
    1,
    500,
  );
  expect(failures).toEqual([
    expect.stringContaining('the scenario did not end within 0.501 s'),
    expect.stringContaining('a clean-up did not end within 0.5 s'),
  ]);
  expect(ended).toEqual(['last', 'first']);
  expect(existsSync(directory)).toBe(false);
});
