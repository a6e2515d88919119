import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pod, realPrograms, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { LABEL_RULES, startSender, startShop, until } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Long actions. */
const LONG = { full: 20, short: 6 } as const;
/** Milliseconds of the grace period that have to be left when the process is gone. */
const LEFT = 2_000;

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

/** Half of the long actions are commands, half captures. */
const isCommand = (n: number) => n % 2 === 0;

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
  const long = startSender(run, talon.url, {
    perSecond: 1_000,
    count: longOnes,
    body(n) {
      fake.create(pod({ name: `long-${n}`, namespace: 'shop', uid: `uid-of-long-${n}` }));
      return alertAbout(isCommand(n) ? 'Command' : 'Capture', `long-${n}`);
    },
  });
  await long.done;
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
  const firstProbe = await firstNotReady(talon.url, run.signal);
  const code = await talon.exited();
  const took = performance.now() - toldAt;
  await load.stop();
  run.say(
    `grace period ${graceSeconds} s, delay ${delaySeconds} s, ${perSecond} alerts a second, ${longOnes} long actions: not ready after ${firstProbe.toFixed(0)} ms, gone after ${(took / 1000).toFixed(2)} s with exit code ${code}; ${accepted(load.sent) - acceptedBefore} alerts taken meanwhile`,
  );
  run.expect('it ends with 0', code === 0);
  // A stopwatch of the machine as much as of the program: only a run that has the machine for itself can be held to it.
  if (run.size === 'full')
    run.expect(`it ends ${LEFT / 1000} s before the grace period is over`, took <= graceSeconds * 1000 - LEFT);
  run.expect('it takes alerts until the delay is over', accepted(load.sent) > acceptedBefore);

  // What is captured after the restart may end.
  playLongActions(fake, runsFile, () => captures++, 'ends');
  await talon.start();
  await shop.settle(120_000);
  run.expect('no command was run again', (await commands()) === longOnes / 2);
  run.expect(`${longOnes / 2} captures were made anew`, captures === longOnes);
  run.expect('every long action was taken on', accepted(long.sent) === longOnes);
}

function accepted(sent: readonly { readonly outcome: string }[]): number {
  return sent.filter(({ outcome }) => outcome === 'accepted').length;
}

/** Nothing a guard could find implausible. */
function alertAbout(rule: string, pod: string): string {
  const output_fields = { 'k8s.ns.name': 'shop', 'k8s.pod.name': pod, 'k8s.pod.uid': `uid-of-${pod}` };
  return JSON.stringify({
    hostname: 'node-1',
    rule,
    priority: 'Critical',
    output: rule,
    source: 'syscall',
    output_fields,
  });
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

/** Milliseconds until a probe says that it is not ready, or nobody is there any more. */
async function firstNotReady(url: string, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const ready = await fetch(new URL('/readyz', url), { signal }).then(
      async (answer) => {
        await answer.body?.cancel();
        return answer.ok;
      },
      () => false,
    );
    if (!ready) return performance.now() - startedAt;
  }
}

export const stopUnderLoad: Scenario = {
  name: 'stop-under-load',
  title: 'the program is told to stop while alerts come in and twenty long actions run',
  async run(run) {
    if (run.size === 'short') return stopOnce(run, 4, 0.5, 50);
    await stopOnce(run, 30, 5, 500);
    await stopOnce(run, 5, 1, 500);
  },
};
