import { setTimeout as delay } from 'node:timers/promises';
import {
  FALCO_RULE,
  startShop,
  startTcpProxy,
  throughProxy,
  until,
  watchRequests,
  type Arrival,
  type TcpProxy,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** An action that must not be done twice. */
const RULES = `
- rule: Terminate
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: terminate, actionner: kubernetes:terminate }]
`;
/** Bytes of answers on one connection: the handshake, and the beginning of what follows. */
const FEW_BYTES = 6_000;

export const brokenConnections: Scenario = {
  name: 'broken-connections',
  title: 'connections to the API server are reset in the middle of answers, stall in the handshake, or take seconds',
  async run(run) {
    const full = run.size === 'full';
    let proxy: TcpProxy | undefined;
    const { talon, fake, effects, send, settle } = await startShop(run, {
      // Deleted pods stay, terminating: another call about one would be seen.
      fake: { terminationDelay: Infinity },
      talon: { rules: RULES },
      async kubeconfig(fake) {
        proxy = await startTcpProxy(run, fake);
        return throughProxy(fake.kubeconfig(), fake, proxy);
      },
    });
    if (!proxy) throw new Error('there is no proxy');
    const times = watchRequests(fake);
    const load = { perSecond: 50, count: full ? 100 : 10 };

    const lost = fake.fault({ kind: 'lost-answer', match: { method: 'DELETE' }, times: load.count });
    await send(load).done;
    await until(() => lost.count === load.count, run.signal);
    await talon.drained();
    run.say(`deletions whose answer was lost: ${lost.count}`);

    proxy.resetAfter(FEW_BYTES);
    proxy.reset();
    const before = proxy.connections;
    await send(load).done;
    await delay(full ? 20_000 : 700);
    run.say(`connections reset in the middle of an answer: ${proxy.connections - before}`);
    await proxy.pass();
    await talon.drained();

    proxy.hang();
    proxy.reset();
    const stalled = proxy.connections;
    await send(load).done;
    await delay(full ? 20_000 : 1_000);
    run.say(`handshakes that stalled: ${proxy.connections - stalled}`);
    proxy.reset();
    await proxy.pass();
    await talon.drained();

    if (full) {
      const slow = fake.fault({ kind: 'latency', ms: 5_000, match: { resource: 'pods' } });
      await send({ perSecond: 2, count: 20 }).done;
      await delay(30_000);
      run.say(`calls that took 5 s: ${slow.count}`);
      slow.release();
    }
    const hasRead = [...times.byObject.values()].every(readsBetweenDeletions);
    run.expect('before a call is made again, the pod is read again', hasRead);
    await settle(120_000);
    run.expect('no pod was deleted twice', effects.idle() === 0);
  },
};

function readsBetweenDeletions(arrivals: readonly Arrival[]): boolean {
  const methods = arrivals.map(({ request }) => request.method);
  return methods.every((method, n) => method !== 'DELETE' || methods[n - 1] !== 'DELETE');
}
