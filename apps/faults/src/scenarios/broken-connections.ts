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
    const { talon, fake, send, settle } = await startShop(run, {
      // Deleted pods stay, terminating: another call about one is carried out too, and answered 200.
      fake: { terminationDelay: Infinity },
      talon: { rules: RULES },
      async kubeconfig(fake) {
        proxy = await startTcpProxy(run, fake);
        return throughProxy(fake.kubeconfig(), fake, proxy);
      },
    });
    if (!proxy) throw new Error('there is no proxy');
    const times = watchRequests(fake);
    const load = { perSecond: 50, count: full ? 100 : 8 };

    const lost = fake.fault({ kind: 'lost-answer', match: { method: 'DELETE' }, times: load.count });
    await send(load).done;
    await until(() => lost.count === load.count, run.signal);
    await talon.drained();
    run.say(`deletions whose answer was lost: ${lost.count}`);
    run.expect(
      'a pod is looked at again when the answer to its deletion was lost',
      [...times.byObject.values()].every((arrivals) => arrivals.at(-1)?.request.method === 'GET'),
    );

    proxy.resetAfter(FEW_BYTES);
    proxy.reset();
    const before = proxy.connections;
    await send(load).done;
    await delay(full ? 20_000 : 300);
    const resets = proxy.connections - before;
    run.say(`connections reset in the middle of an answer: ${resets}`);
    run.expect('connections were reset', resets > 0);
    await proxy.pass();
    await talon.drained();

    proxy.hang();
    proxy.reset();
    const stalled = proxy.connections;
    await send(load).done;
    await delay(full ? 20_000 : 500);
    const handshakes = proxy.connections - stalled;
    run.say(`handshakes that stalled: ${handshakes}`);
    run.expect('handshakes stalled', handshakes > 0);
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
    await settle(120_000);
    const most = Array.from(times.byObject.values(), (arrivals) => arrivals.filter(wasDeleted).length);
    run.say(`deletions of a pod that reached the server: ${Math.max(...most)} at most`);
    run.expect(
      'no pod was deleted twice',
      most.every((deletions) => deletions === 1),
    );
  },
};

/** Carried out, whether it was answered or not. */
function wasDeleted({ request }: Arrival): boolean {
  return request.method === 'DELETE' && request.status < 300;
}
