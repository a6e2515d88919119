import { setTimeout as delay } from 'node:timers/promises';
import { natsMissing, residentMiB } from '@falco-talon/testkit/server';
import { acceptedSince, onNats, startNatsServer, startShop, startTcpProxy, type Sender } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Milliseconds after which alerts must be accepted again. */
const BACK = 5_000;
/** MiB. */
const MEMORY = 350;

export const natsPartition: Scenario = {
  name: 'nats-partition',
  title: 'the network to NATS swallows everything for a while, then the NATS server is killed again and again',
  missing: natsMissing,
  async run(run) {
    const full = run.size === 'full';
    const server = await startNatsServer(run);
    const proxy = await startTcpProxy(run, server);
    const { talon, send, settle, boundRepeats } = await startShop(run, {
      talon: onNats(proxy),
      fake: { journalLimit: 100 },
    });
    const sender = send({ perSecond: full ? 200 : 30 });
    await delay(full ? 1_000 : 300);

    proxy.blackhole();
    await delay(full ? 60_000 : 2_500, undefined, { signal: run.signal });
    const memory = residentMiB(talon.pid);
    run.say(`cut off: ${memory.toFixed(0)} MiB resident`);
    run.expect('memory is bounded while NATS is away', memory <= MEMORY);
    await proxy.pass();
    const healed = await acceptedAgain(run, sender);
    run.say(`accepted again ${healed.toFixed(0)} ms after the network was back`);
    run.expect(`accepted again in under ${BACK / 1000} s`, healed < BACK);

    const kills = full ? 10 : 2;
    const times: number[] = [];
    for (let n = 0; n < kills; n++) {
      await server.kill();
      await delay(full ? 2_000 : 300, undefined, { signal: run.signal });
      await server.start();
      times.push(await acceptedAgain(run, sender));
      await delay(200);
    }
    const slowest = Math.max(...times);
    run.say(`${kills} × kill -9 of NATS; accepted again after ${slowest.toFixed(0)} ms at most`);
    run.expect(`accepted again in under ${BACK / 1000} s each time`, slowest < BACK);
    await sender.stop();
    await settle(full ? 120_000 : 30_000);
    boundRepeats(1 + kills);
  },
};

/** Milliseconds from now to the next alert that was sent from now on and accepted. */
async function acceptedAgain(run: FaultRun, sender: Sender): Promise<number> {
  const from = performance.now();
  return (await acceptedSince(sender, from, run.signal)) - from;
}
