import { setTimeout as delay } from 'node:timers/promises';
import { startReplicas, until, type Replica, type Replicas } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Milliseconds without the API server; longer than a Lease lasts. */
const LONG = 20_000;
/** Alerts to the one that is cut off, while another one leads. */
const LATE = 10;

/** @param alone it is cut off from the other replica, too */
async function split(run: FaultRun, alone: boolean): Promise<void> {
  const full = run.size === 'full';
  const replicas = await startReplicas(run);
  const { fake } = replicas;
  const leader = replicas.leader();
  const follower = replicas.follower();
  const perSecond = full ? 50 : 30;
  const count = perSecond * (full ? 60 : 2);
  // It has to know the other one to turn to it.
  const since = fake.requests.length;
  await until(
    () => fake.requests.slice(since).some(({ user, verb }) => user === leader.name && verb === 'list'),
    run.signal,
  );

  // Carried out, but nobody knows: what it began has to be found out.
  fake.fault({ kind: 'no-answer', times: 1, match: { user: leader.name, method: 'DELETE', resource: 'pods' } });
  const senders = [leader, follower].map((to, n) => replicas.send(to, { perSecond, count, first: n * count }));
  await until(() => replicas.deletions().length >= 10, run.signal);
  leader.proxy.blackhole();
  if (alone) for (const { handovers } of replicas.all) handovers.blackhole();
  const cut = performance.now();
  await replicas.led(follower);
  run.say(`another one leads ${((performance.now() - cut) / 1000).toFixed(1)} s after the cut`);
  if (full) await delay(cut + LONG - performance.now(), undefined, { signal: run.signal });
  await sendLate(run, replicas, { leader, follower, first: 2 * count, alone });

  await leader.proxy.pass();
  for (const { handovers } of replicas.all) await handovers.pass();
  for (const { done } of senders) await done;
  await replicas.deleted();
  await until(async () => (await leader.metrics()).queue().pending === 0, run.signal);
  await follower.stop();
  await replicas.led(leader);
  const last = replicas.send(leader, { perSecond: 10, count: 1, first: 3 * count });
  await last.done;
  await replicas.deleted();
  run.expect('it leads again when the other one is gone', replicas.deletions().at(-1)?.user === leader.name);
  replicas.fenced();
  await replicas.settle();
}

interface Late {
  readonly leader: Replica;
  readonly follower: Replica;
  readonly first: number;
  readonly alone: boolean;
}

/** What the one that is cut off takes, it hands over, or keeps until it can; the other one may have taken the same. */
async function sendLate(run: FaultRun, replicas: Replicas, { leader, follower, first, alone }: Late): Promise<void> {
  const load = { perSecond: 100, count: LATE };
  const late = replicas.send(leader, { ...load, first });
  await late.done;
  run.expect(
    'the one that is cut off takes alerts',
    late.sent.every(({ outcome }) => outcome === 'accepted'),
  );
  const handedOver = async () => (await leader.metrics()).value('handovers_total', { result: 'accepted' });
  if (!alone) return until(async () => (await handedOver()) >= LATE, run.signal);
  const before = await handedOver();
  const twins = [leader, follower].map((to) => replicas.send(to, { ...load, first: first + LATE }));
  for (const { done } of twins) await done;
  const gone = (n: number) => replicas.fake.get('pods', 'shop', `pod-${n}`) === undefined;
  await until(() => twins[1]!.sent.every(({ n }) => gone(n)), run.signal);
  run.expect('alone, it hands nothing over', (await handedOver()) === before);
  run.expect('and acts on nothing', !late.sent.some(({ n }) => gone(n)));
}

export const splitReplicas: Scenario = {
  name: 'split-replicas',
  title: 'the network between the replica that leads and the API server swallows everything, then heals',
  run: (run) => split(run, false),
};

export const partedReplicas: Scenario = {
  name: 'parted-replicas',
  title:
    'the replica that leads reaches neither the API server nor the other replica, and takes alerts; then all heals',
  run: (run) => split(run, true),
};
