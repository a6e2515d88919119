import { setTimeout as delay } from 'node:timers/promises';
import { pod } from '@falco-talon/fake-kubernetes';
import { alertText, natsMissing } from '@falco-talon/testkit/server';
import {
  account,
  FALCO_RULE,
  sayAccount,
  startCluster,
  startNatsServer,
  startSender,
  startTalon,
  startTcpProxy,
  until,
  type LogLine,
} from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const RULES = `
- rule: Terminate
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
const EVERYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
/**
 * Alerts a second to each replica, milliseconds without NATS and those a pod takes to end: it is still there when another one
 * takes over. Seconds of the lease; in full it is that of an installation without settings.
 */
const SIZES = {
  full: { perSecond: 50, away: 60_000, ends: 10_000, lease: 5, settings: '' },
  short: { perSecond: 20, away: 5_000, ends: 2_000, lease: 2, settings: ', lease_seconds: 2, timeout_seconds: 2' },
} as const;
/**
 * Deletions of the one that is cut off that are refused at first. Their intent is recorded, so that nothing but the end of its
 * lease keeps it from repeating them: it looks at the pod again, and that look lasts until the other one is about to do the same.
 */
const BEGUN = 3;
const REFUSED = 503;
/** Deletions of the one that is cut off that never come to be known. */
const UNKNOWN = 3;

async function run(run: FaultRun): Promise<void> {
  const { perSecond, away, ends, lease, settings } = SIZES[run.size];
  const server = await startNatsServer(run);
  const fake = await startCluster(run, { terminationDelay: ends });
  const start = async (name: string) => {
    fake.addUser({ name, rules: EVERYTHING });
    const proxy = await startTcpProxy(run, server);
    const talon = await startTalon(run, {
      name,
      rules: RULES,
      queue: 'nats',
      kubeconfig: fake.kubeconfig({ user: name }),
      config: `deduplication: { time_window_seconds: 0 }\nwatch_rules: false\nqueue: { nats: { servers: ['nats://127.0.0.1:${proxy.port}']${settings} } }\n`,
    });
    return { name, proxy, talon };
  };
  const [cutOff, other] = [await start('one'), await start('two')];
  const both = [cutOff, other];
  const senders = both.map(({ talon }, half) =>
    startSender(run, talon.url, {
      perSecond,
      first: half * 1_000_000,
      body(n) {
        fake.create(pod({ name: `pod-${n}`, namespace: 'shop' }));
        return alertText(FALCO_RULE, `pod-${n}`, n);
      },
    }),
  );
  const asked = () => fake.requests.filter(({ method, resource }) => method === 'DELETE' && resource === 'pods');
  const deletions = () => asked().filter(({ status }) => status !== REFUSED);
  const by = (name: string) => deletions().filter(({ user }) => user === name).length;
  await until(() => both.every(({ name }) => by(name) >= 5), run.signal);

  const deletes = { user: cutOff.name, method: 'DELETE', resource: 'pods' };
  fake.fault({ kind: 'status', status: REFUSED, retryAfter: 1, times: BEGUN, match: deletes });
  const refused = () => asked().filter(({ status }) => status === REFUSED);
  await until(() => refused().length === BEGUN, run.signal);
  const begun = new Set(refused().map(({ name }) => name));
  const holdLooks = (user: string) =>
    fake.fault({ kind: 'hold', match: (one) => one.user === user && one.verb === 'get' && begun.has(one.name) });
  const [late, next] = [holdLooks(cutOff.name), holdLooks(other.name)];
  await until(() => late.count >= BEGUN, run.signal);
  // Carried out, but nobody knows: whoever takes over has to find that out.
  const unknown = fake.fault({ kind: 'no-answer', times: UNKNOWN, match: deletes });
  await until(() => unknown.count === UNKNOWN, run.signal);
  cutOff.proxy.blackhole();
  const healed = delay(away, undefined, { signal: run.signal });
  healed.catch(() => {});
  const taken = by(other.name);
  await delay(lease * 1000, undefined, { signal: run.signal });
  const alone = by(cutOff.name);
  await until(() => next.count >= BEGUN, run.signal);
  late.release();
  await delay(1_000);
  // In time: a look that has no answer is given up after a while.
  next.release();
  await healed;
  run.expect('once its lease is over, the one cut off begins and repeats nothing', by(cutOff.name) === alone);
  run.expect('the other one goes on', by(other.name) > taken);
  await cutOff.proxy.pass();
  await until(() => by(cutOff.name) > alone, run.signal);
  for (const sender of senders) await sender.stop();
  await other.talon.drained();
  for (const { talon } of both) await talon.stop();
  const sent = senders.flatMap((sender) => sender.sent);
  const accepted = sent.filter(({ outcome }) => outcome === 'accepted');
  const areGone = () => accepted.every(({ n }) => fake.get('pods', 'shop', `pod-${n}`) === undefined);
  const soon = AbortSignal.any([run.signal, AbortSignal.timeout(2 * ends)]);
  await until(areGone, soon).catch(() => {});

  const uids = deletions().map(({ body }) => (body as { preconditions?: { uid?: string } }).preconditions?.uid);
  run.say(`${uids.length} deletions, ${by(cutOff.name)} by the one that was cut off for ${away / 1000} s`);
  run.expect('every deletion names the uid of its pod', !uids.includes(undefined));
  run.expect('no pod was deleted twice', new Set(uids).size === uids.length);
  run.expect('every accepted alert had its effect', areGone());
  run.expect(
    'what the one cut off had begun the other one did',
    deletions().every(({ user, name }) => !begun.has(name) || user === other.name),
  );
  async function* lines(): AsyncGenerator<LogLine> {
    for (const { talon } of both) yield* talon.lines();
  }
  const errors = new Set<string>();
  for await (const { message, error } of lines())
    if (message === 'action' && error !== undefined) errors.add(error.replaceAll(/[\da-f-]{36}/g, '…').slice(0, 200));
  for (const error of [...errors].slice(0, 5)) run.say(`told as failed, by one of them: ${error}`);
  run.expect('nothing is told as failed', errors.size === 0);
  sayAccount(run, await account({ sent, lines: lines() }));
}

export const splitNats: Scenario = {
  name: 'split-nats',
  title:
    'two replicas share the work through NATS; the network between one of them and NATS swallows everything, then heals',
  missing: natsMissing,
  run,
};
