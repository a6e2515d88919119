import { pod } from '@falco-talon/fake-kubernetes';
import { alertText, percentile, watchResident } from '@falco-talon/testkit/server';
import {
  account,
  CONTAINER_HEAP,
  firstCalls,
  sayAccount,
  startCluster,
  startListener,
  startSender,
  startTalon,
  watchRequests,
  type Sender,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Of the noisy rule: fewer than the client has connections for quick calls, so that the API server is not what others wait for. */
const PODS = 2;
/** One action on a pod at a time: two pods and 20 ms are a hundred actions a second. */
const API_MS = 20;
const CAPACITY = (PODS * 1000) / API_MS;
/** Alerts the queue takes, seconds of the flood and before it, and actions of the rule that is braked. */
const SIZES = {
  full: { room: 20_000, seconds: 600, before: 60, budget: 20 },
  short: { room: 100, seconds: 1, before: 1, budget: 5 },
} as const;
/** Alerts a second of a rule that has nothing to do with it, each about a pod of its own. */
const QUIET = 20;
/** Milliseconds its slowest hundredth may take: the flood's own work is on the same processor. */
const LATE = 50;
const label = (name: string) => `
- rule: ${name}
  match: { rules: [${name}] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: ${name} } } }]
`;
const RULES = `${label('noisy')}${label('quiet')}
- rule: braked
  match: { rules: [braked] }
  notifiers: [webhook]
  actions: [{ action: note, actionner: kubernetes:annotation, parameters: { annotations: { analysis/status: seen } } }]
`;

export const flood: Scenario = {
  name: 'flood',
  title: 'one noisy rule at five times what its actions can do; a second one is over its budget, a third one is quiet',
  async run(run) {
    const full = run.size === 'full';
    const { room, seconds, before, budget } = SIZES[run.size];
    const listener = await startListener(run);
    const objects = Array.from({ length: PODS }, (_, n) => pod({ name: `noisy-${n}`, namespace: 'shop' }));
    const fake = await startCluster(run, { objects, journalLimit: 1_000 });
    const requests = watchRequests(fake);
    let acted = 0;
    // A patch of the noisy pods takes its time; those that bring annotations are of the rule that is braked.
    fake.fault({
      kind: 'latency',
      ms: API_MS,
      match({ verb, name, body }) {
        if (verb !== 'patch' || !name.startsWith('noisy-')) return false;
        if (JSON.stringify(body).includes('annotations')) acted++;
        return true;
      },
    });
    const talon = await startTalon(run, {
      rules: RULES,
      nodeFlags: CONTAINER_HEAP,
      kubeconfig: fake.kubeconfig(),
      config: `
deduplication: { time_window_seconds: 0 }
watch_rules: false
queue: { sqlite: { max_messages: ${room} } }
notifiers: { webhook: { url: '${listener.url}' } }
guard: { budgets: [{ per: rule, limit: ${budget}, window_seconds: 3600, cool_down_seconds: 3600, actionners: ['kubernetes:annotation'] }] }
`,
    });
    const senders: Sender[] = [];
    const all = () => senders.flatMap(({ sent }) => sent);
    let first = 0;
    function send(perSecond: number, count: number, body: (n: number) => string): Sender {
      const sender = startSender(run, talon.url, { perSecond, count, first, body });
      first += count;
      senders.push(sender);
      return sender;
    }
    const quiet = (length: number) =>
      send(QUIET, QUIET * length, (n) => {
        fake.create(pod({ name: `pod-${n}`, namespace: 'shop' }));
        return alertText('quiet', `pod-${n}`, n);
      });
    const resident = watchResident(talon.pid);
    const alone = await firstCalls(requests, quiet(before), run.signal);
    const noise = send(5 * CAPACITY, 5 * CAPACITY * seconds, (n) =>
      alertText(n % 10 === 0 ? 'braked' : 'noisy', `noisy-${n % PODS}`, n),
    );
    const beside = await firstCalls(requests, quiet(seconds), run.signal);
    await noise.done;
    await talon.drained(full ? 600_000 : 30_000);
    const highest = resident();
    const metrics = await talon.metrics();
    const refused = all().filter(({ outcome }) => outcome === 'refused').length;
    const counted = metrics.value('requests_refused_total', { status: '503' });
    const observed = metrics.value('storm_brake_observed_total');
    const told = listener.records.filter(({ stage }) => stage === 'guard').length;
    await talon.stop();
    const at = (share: number) => [alone, beside].map((delays) => percentile(delays, share)) as [number, number];
    const [median, medianBeside] = at(0.5);
    const [p99, p99Beside] = at(0.99);
    run.say(`sent ${all().length}, refused ${refused}, highest resident memory ${highest.toFixed(0)} MiB`);
    run.say(`over budget: ${acted} acted, ${observed} only observed, told ${told} times`);
    run.say(
      `quiet rule, first call: median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms before; ${medianBeside.toFixed(1)} ms, ${p99Beside.toFixed(1)} ms in the flood (${beside.length} accepted)`,
    );
    run.expect('the queue was too short for the flood', refused > 0);
    run.expect('every refusal is counted with its reason', refused === counted);
    if (full) run.expect('never more than 350 MiB', highest <= 350);
    run.expect('no more calls than the budget allows', acted === budget && observed > 0);
    run.expect('the brake was told once', told === 1);
    run.expect('the quiet rule acts on', beside.length > 0 && beside.every(Number.isFinite));
    if (full) run.expect('the quiet rule is acted on as fast: the median under 2×', medianBeside < 2 * median);
    if (full) run.expect(`p99 of the quiet rule under ${LATE} ms`, p99Beside < LATE);
    sayAccount(run, await account({ sent: all(), lines: talon.lines() }));
  },
};
