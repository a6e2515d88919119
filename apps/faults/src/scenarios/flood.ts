import { pod } from '@falco-talon/fake-kubernetes';
import { alertText, watchResident } from '@falco-talon/testkit/server';
import { account, sayAccount, startCluster, startListener, startSender, startTalon } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const PODS = 10;
/** One action on a pod at a time: ten pods and 100 ms are a hundred actions a second. */
const API_MS = 100;
const CAPACITY = (PODS * 1000) / API_MS;
/** Alerts the queue takes, seconds of the flood, and actions of the rule that is braked. */
const SIZES = {
  full: { room: 20_000, seconds: 600, budget: 20 },
  short: { room: 100, seconds: 1, budget: 5 },
} as const;
/** What Node takes by itself in a container of 512 MiB; on a larger machine it collects the less often the more there is. */
const HEAP = ['--max-old-space-size=256', '--max-semi-space-size=16'];
const RULES = `
- rule: Noisy
  match: { rules: [Noisy] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: noisy } } }]
- rule: Braked
  match: { rules: [Braked] }
  notifiers: [webhook]
  actions: [{ action: note, actionner: kubernetes:annotation, parameters: { annotations: { analysis/status: seen } } }]
`;

export const flood: Scenario = {
  name: 'flood',
  title: 'one noisy rule at five times what its actions can do; a second one is over its budget',
  async run(run) {
    const full = run.size === 'full';
    const { room, seconds, budget } = SIZES[run.size];
    const listener = await startListener(run);
    const objects = Array.from({ length: PODS }, (_, n) => pod({ name: `pod-${n}`, namespace: 'shop' }));
    const fake = await startCluster(run, { objects });
    fake.fault({ kind: 'latency', ms: API_MS, match: ({ verb }) => verb === 'patch' });
    const talon = await startTalon(run, {
      rules: RULES,
      nodeFlags: HEAP,
      kubeconfig: fake.kubeconfig(),
      config: `
deduplication: { time_window_seconds: 0 }
watch_rules: false
queue: { sqlite: { max_messages: ${room} } }
notifiers: { webhook: { url: '${listener.url}' } }
guard: { budgets: [{ per: rule, limit: ${budget}, window_seconds: 3600, cool_down_seconds: 3600, actionners: ['kubernetes:annotation'] }] }
`,
    });
    const resident = watchResident(talon.pid);
    const sender = startSender(run, talon.url, {
      perSecond: 5 * CAPACITY,
      count: 5 * CAPACITY * seconds,
      body: (n) => alertText(n % 10 === 0 ? 'Braked' : 'Noisy', `pod-${n % PODS}`, n),
    });
    await sender.done;
    await talon.drained(full ? 600_000 : 30_000);
    const highest = resident();
    const metrics = await talon.metrics();
    const refused = sender.sent.filter(({ outcome }) => outcome === 'refused').length;
    const counted = metrics.value('requests_refused_total', { status: '503' });
    const observed = metrics.value('storm_brake_observed_total');
    const acted = metrics.value('actions_total', { rule: 'Braked', status: 'success' });
    const told = listener.records.filter(({ stage }) => stage === 'guard').length;
    await talon.stop();
    run.say(`sent ${sender.sent.length}, refused ${refused}, highest resident memory ${highest.toFixed(0)} MiB`);
    run.say(`over budget: ${acted} acted, ${observed} only observed, told ${told} times`);
    run.expect('the queue was too short for the flood', refused > 0);
    run.expect('every refusal is counted with its reason', refused === counted);
    if (full) run.expect('never more than 350 MiB', highest <= 350);
    run.expect('no more acted than the budget allows', acted === budget && observed > 0);
    run.expect('the brake was told once', told === 1);
    sayAccount(run, await account({ sent: sender.sent, lines: talon.lines() }));
  },
};
