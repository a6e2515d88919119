import { setTimeout as delay } from 'node:timers/promises';
import { startReplicas, until } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Milliseconds it is frozen; longer than a Lease lasts. */
const LONG = 20_000;

export const frozenLeader: Scenario = {
  name: 'frozen-leader',
  title:
    'the replica that leads is stopped for longer than its Lease while it is about to act, then goes on; then the other one is killed',
  async run(run) {
    const full = run.size === 'full';
    const replicas = await startReplicas(run);
    const { fake } = replicas;
    const leader = replicas.leader();
    const follower = replicas.follower();
    const count = full ? 200 : 10;
    // What it looks at last before it acts is answered while it is frozen.
    const look = fake.fault({ kind: 'hold', match: { user: leader.name, verb: 'get', resource: 'pods' } });
    const first = replicas.send(leader, { perSecond: 100, count });
    await first.done;
    await until(() => look.count >= Math.min(count, 10), run.signal);
    process.kill(leader.pid, 'SIGSTOP');
    const frozen = performance.now();
    look.release();
    const second = replicas.send(follower, { perSecond: 100, count, first: count });
    await second.done;
    await replicas.led(follower);
    run.say(`another one leads ${((performance.now() - frozen) / 1000).toFixed(1)} s after it was frozen`);
    if (full) await delay(frozen + LONG - performance.now(), undefined, { signal: run.signal });
    const before = replicas.deletions().length;
    process.kill(leader.pid, 'SIGCONT');
    await replicas.deleted();
    run.expect('what it had begun the other one did', replicas.deletions().length >= before + count);
    run.expect(
      'it deleted nothing',
      replicas.deletions().every(({ user }) => user === follower.name),
    );

    await follower.kill();
    const third = replicas.send(leader, { perSecond: 100, count, first: 2 * count });
    await third.done;
    await replicas.led(leader);
    await replicas.deleted();
    run.expect('it leads again when the other one is gone', replicas.deletions().at(-1)?.user === leader.name);
    await follower.start();
    await follower.drained();
    replicas.fenced();
    await replicas.settle();
  },
};
