import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { realPrograms, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { LABEL_RULES, startShop, until, type Shop } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Long actions. */
const LONG = { full: 20, short: 6 } as const;
/** Milliseconds of the grace period that have to be left when the process is gone. */
const LEFT = 2_000;
/** Milliseconds after which a probe that begins is told so. */
const AT_ONCE = 500;

const rules = (evidence: string) => `${LABEL_RULES}
- rule: Command
  match: { rules: [Command] }
  actions: [{ action: exec, actionner: kubernetes:exec, parameters: { command: 'echo $$ >>"$RUNS"; exec sleep 600', timeout: 600 } }]
- rule: Capture
  match: { rules: [Capture] }
  actions:
    - action: capture
      actionner: kubernetes:tcpdump
      parameters: { duration: 600 }
      output: { target: local:file, parameters: { destination: ${JSON.stringify(evidence)} } }
`;

async function stopOnce(run: FaultRun, graceSeconds: number, delaySeconds: number, perSecond: number): Promise<void> {
  const longOnes = LONG[run.size];
  const runsFile = join(run.directory, `runs-${graceSeconds}`);
  const config = {
    watch_rules: false,
    deduplication: { time_window_seconds: 0 },
    shutdown_grace_period: graceSeconds,
    shutdown_delay_seconds: delaySeconds,
    limits: { long_concurrency: longOnes },
  };
  const shop = await startShop(run, {
    talon: { name: `grace-${graceSeconds}`, rules: rules(run.directory), config: JSON.stringify(config) },
    fake: { journalLimit: 1_000 },
  });
  const { fake, talon } = shop;
  let captures = 0;
  playLongActions(fake, runsFile, () => captures++);
  const half = { perSecond: 1_000, count: longOnes / 2 };
  const long = [shop.send(half, undefined, 'Command'), shop.send(half, undefined, 'Capture')];
  await Promise.all(long.map(({ done }) => done));
  const commands = async () => (await readFile(runsFile, 'utf8').catch(() => '')).split('\n').length - 1;
  await until(async () => {
    if (talon.log().includes('"status":"ignored"')) throw new Error(`a long action did not begin:\n${talon.log()}`);
    return captures === longOnes / 2 && (await commands()) === longOnes / 2;
  }, run.signal);
  const load = shop.send({ perSecond });
  await delay(run.size === 'full' ? 1_000 : 300, undefined, { signal: run.signal });

  const toldAt = performance.now();
  const acceptedBefore = accepted(load.sent);
  process.kill(talon.pid, 'SIGTERM');
  const probe = await firstNotReady(talon.url, run.signal);
  const code = await talon.exited();
  const took = performance.now() - toldAt;
  await load.stop();
  run.say(
    `grace period ${graceSeconds} s, delay ${delaySeconds} s, ${perSecond} alerts a second, ${longOnes} long actions: not ready after ${probe.after.toFixed(0)} ms, gone after ${(took / 1000).toFixed(2)} s with exit code ${code}; ${accepted(load.sent) - acceptedBefore} alerts taken meanwhile`,
  );
  run.expect('it says itself that it is not ready, while it still takes alerts', probe.status === 503);
  run.expect('it ends with 0', code === 0);
  // A stopwatch of the machine as much as of the program: only a run that has the machine for itself can be held to it.
  if (run.size === 'full') {
    run.expect('it is not ready at once', probe.after < AT_ONCE);
    const last = load.sent.findLast(({ outcome }) => outcome === 'accepted')?.at ?? 0;
    run.expect('it takes alerts until the delay is over', last - toldAt > delaySeconds * 1000 - AT_ONCE);
    run.expect(`it ends ${LEFT / 1000} s before the grace period is over`, took <= graceSeconds * 1000 - LEFT);
  }
  run.expect('it takes alerts while it waits for others to notice', accepted(load.sent) > acceptedBefore);

  // What is captured after the restart may end.
  playLongActions(fake, runsFile, () => captures++, 'ends');
  await talon.start();
  const { failed, doneByEffect } = await shop.explain(120_000);
  const changed = shop.effects.changed();
  run.expect(
    'every accepted alert had its effect',
    load.sent.every(({ outcome, n }) => outcome !== 'accepted' || changed.has(`pod-${n}`)),
  );
  run.expect('no command was run again', (await commands()) === longOnes / 2);
  run.expect(`${longOnes / 2} captures were made anew`, captures === longOnes);
  const ends = await endsOf(shop);
  run.say(`the ends of the long actions: ${Array.from(ends, ([end, count]) => `${end} ${count}`).join(', ')}`);
  // Whether a command that was stopped had done its work, nobody can tell.
  run.expect(
    'every long action has an end: captures succeed, commands fail, and nothing else does',
    ends.get('Command failure') === longOnes / 2 &&
      ends.get('Capture success') === longOnes / 2 &&
      ends.size === 2 &&
      failed === longOnes / 2,
  );
  run.expect('the log tells of every end', doneByEffect === 0);
}

/** How often the log names which end of which rule, labels aside. */
async function endsOf({ talon }: Shop): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for await (const { message, rule, status } of talon.lines()) {
    if (message !== 'action' || rule === 'Label' || status === 'in_progress') continue;
    ends.set(`${rule} ${status}`, (ends.get(`${rule} ${status}`) ?? 0) + 1);
  }
  return ends;
}

function accepted(sent: readonly { readonly outcome: string }[]): number {
  return sent.filter(({ outcome }) => outcome === 'accepted').length;
}

/** Commands are real processes; captures go on until nobody reads them any more. */
function playLongActions(fake: FakeKubernetes, runsFile: string, captured: () => void, captures = 'last'): void {
  const commands = realPrograms({ environment: { PATH: process.env['PATH'] ?? '', RUNS: runsFile } });
  fake.onExec({}, async (session) => {
    if (!session.container.startsWith('falco-talon-')) return commands(session);
    captured();
    session.stdout.write('what happened');
    if (captures === 'ends') return 0;
    session.stdin.resume();
    await once(session.stdin, 'end');
    return 137;
  });
}

/** The first probe that is not answered with 200; its status is 0 when nobody is there any more. */
async function firstNotReady(
  url: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly after: number }> {
  const startedAt = performance.now();
  for (;;) {
    const status = await fetch(new URL('/readyz', url), { signal }).then(
      async (answer) => {
        await answer.body?.cancel();
        return answer.status;
      },
      () => 0,
    );
    if (status !== 200) return { status, after: performance.now() - startedAt };
  }
}

export const stopUnderLoad: Scenario = {
  name: 'stop-under-load',
  title: 'the program is told to stop while alerts come in and twenty long actions run',
  async run(run) {
    if (run.size === 'short') return stopOnce(run, 5, 1.3, 50);
    await stopOnce(run, 30, 5, 500);
    await stopOnce(run, 5, 1, 500);
  },
};
