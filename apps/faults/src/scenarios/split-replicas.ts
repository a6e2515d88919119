import { setTimeout as delay } from 'node:timers/promises';
import { startReplicas, until } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Milliseconds without the API server; longer than a Lease lasts. */
const LONG = 20_000;

export const splitReplicas: Scenario = {
  name: 'split-replicas',
  title: 'the network between the replica that leads and the API server swallows everything, then heals',
  async run(run) {
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
    const cut = performance.now();
    await replicas.led(follower);
    run.say(`another one leads ${((performance.now() - cut) / 1000).toFixed(1)} s after the cut`);
    if (full) await delay(cut + LONG - performance.now(), undefined, { signal: run.signal });
    const late = replicas.send(leader, { perSecond: 100, count: 10, first: 2 * count });
    await late.done;
    await until(
      async () => (await leader.metrics()).value('handovers_total', { result: 'accepted' }) >= 10,
      run.signal,
    );
    run.expect(
      'the one that is cut off takes alerts',
      late.sent.every(({ outcome }) => outcome === 'accepted'),
    );

    await leader.proxy.pass();
    for (const { done } of senders) await done;
    await replicas.deleted();
    await follower.stop();
    await replicas.led(leader);
    const last = replicas.send(leader, { perSecond: 10, count: 1, first: 3 * count });
    await last.done;
    await replicas.deleted();
    run.expect('it leads again when the other one is gone', replicas.deletions().at(-1)?.user === leader.name);
    replicas.fenced();
    await replicas.settle();
  },
};
