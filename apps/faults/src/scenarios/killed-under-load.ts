import { setTimeout as delay } from 'node:timers/promises';
import { pod } from '@falco-talon/fake-kubernetes';
import { alertText } from '@falco-talon/testkit/server';
import { account, sayAccount, startCluster, startSender, startTalon, watchEffects } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const FALCO_RULE = 'Terminal shell in container';
const STATUS = { key: 'analysis/status', value: 'suspicious' };
const RULES = `
- rule: Label
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { ${STATUS.key}: ${STATUS.value} } } }]
`;
/** Milliseconds after which it must answer again. */
const READY = 3_000;

/** The queue that must not lose anything. */
export interface KilledQueue {
  readonly queue: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: string;
}

/** Kills the program again and again while alerts come in, each about a pod of its own. */
export async function killUnderLoad(run: FaultRun, queue: KilledQueue): Promise<void> {
  const full = run.size === 'full';
  const kills = full ? 50 : 2;
  const fake = await startCluster(run, { journalLimit: 100 });
  const effects = watchEffects(fake, (object) => object?.metadata.labels?.[STATUS.key] === STATUS.value);
  const talon = await startTalon(run, { rules: RULES, kubeconfig: fake.kubeconfig(), ...queue });
  const sender = startSender(run, talon.url, {
    perSecond: full ? 500 : 150,
    body(n) {
      fake.create(pod({ name: `pod-${n}`, namespace: 'shop' }));
      return alertText(FALCO_RULE, `pod-${n}`, n);
    },
  });
  for (let n = 0; n < kills; n++) {
    await delay(full ? 2_000 + Math.random() * 3_000 : 700, undefined, { signal: run.signal });
    await talon.kill();
    await talon.start();
  }
  await delay(300);
  await sender.stop();
  await talon.drained(full ? 300_000 : 30_000);
  await talon.stop();

  const restarts = talon.starts.slice(1).toSorted((a, b) => a - b);
  const slowest = restarts.at(-1) ?? 0;
  run.say(`${kills} × kill -9; ready again after ${middle(restarts)} ms (median), ${slowest.toFixed(0)} ms at most`);
  const result = await account({
    sent: sender.sent,
    lines: talon.lines(),
    hasEffect: ({ n }) => effects.changes.has(`pod-${n}`),
  });
  sayAccount(run, result);
  const idle = [...effects.idle.values()].reduce((sum, count) => sum + count, 0);
  run.say(`pods labelled ${effects.changes.size}, calls repeated to no effect ${idle}`);
  run.expect('no side effect happened twice', effects.twice().length === 0);
  const accepted = sender.sent.filter(({ outcome }) => outcome === 'accepted');
  run.expect(
    'every accepted alert had its effect',
    accepted.every(({ n }) => effects.changes.has(`pod-${n}`)),
  );
  // A stopwatch of the machine as much as of the program: only a run that has the machine for itself can be held to it.
  if (full) run.expect(`ready again in under ${READY / 1000} s each time`, slowest < READY);
}

function middle(sorted: readonly number[]): string {
  return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0);
}

export const killedUnderLoad: Scenario = {
  name: 'killed-under-load',
  title: 'the program is killed every few seconds while alerts come in; its queue is the file',
  run: (run) => killUnderLoad(run, { queue: 'sqlite' }),
};
