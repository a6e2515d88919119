import { startReplicas, until } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

export const rollingReplicas: Scenario = {
  name: 'rolling-replicas',
  title: 'alerts reach replicas that do not lead, some of them two replicas; then all are replaced one after the other',
  async run(run) {
    const replicas = await startReplicas(run);
    const leader = replicas.leader();
    const follower = replicas.follower();
    const count = run.size === 'full' ? 300 : 10;
    const load = { perSecond: 100, count };
    const ready = async ({ url }: { readonly url: string }) => (await fetch(`${url}/readyz`)).status === 200;

    await replicas.send(follower, { ...load, first: 0 }).done;
    await replicas.deleted();
    const [leads, follows] = await Promise.all([leader.metrics(), follower.metrics()]);
    run.expect(
      'the one that leads did what the other one took',
      replicas.deletions().every(({ user }) => user === leader.name),
    );
    run.expect('one of them leads', leads.value('leader') === 1 && follows.value('leader') === 0);
    run.expect('each was handed over once', follows.value('handovers_total', { result: 'accepted' }) === count);
    run.expect('the one that follows is ready', await ready(follower));

    const twins = [leader, follower].map((to) => replicas.send(to, { ...load, first: count }));
    for (const { done } of twins) await done;
    await replicas.deleted();
    await until(async () => (await follower.metrics()).queue().pending === 0, run.signal);
    run.expect('an alert that two replicas got is acted on once', replicas.deletions().length === 2 * count);

    const during = [leader, follower].map((to, n) => replicas.send(to, { ...load, first: (2 + n) * count }));
    run.expect('a stop is orderly', (await leader.stop()) === 0);
    await replicas.led(follower);
    const third = await replicas.start('three');
    during.push(replicas.send(third, { ...load, first: 4 * count }));
    run.expect('a stop is orderly', (await follower.stop()) === 0);
    await replicas.led(third);
    during.push(replicas.send(third, { ...load, first: 5 * count }));
    for (const { done } of during) await done;
    await replicas.deleted();
    replicas.fenced();
    await replicas.settle();
  },
};
