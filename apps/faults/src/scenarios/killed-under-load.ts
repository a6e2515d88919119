import { setTimeout as delay } from 'node:timers/promises';
import { natsMissing, percentile } from '@falco-talon/testkit/server';
import { acceptedSince, onNats, startNatsServer, startShop, type TalonInput } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

/** Milliseconds from the start of its process after which it must be ready, and have accepted an alert. */
const READY = 3_000;

/** Kills the program again and again while alerts come in, each about a pod of its own. */
export async function killUnderLoad(run: FaultRun, talonInput: Partial<TalonInput>): Promise<void> {
  const full = run.size === 'full';
  const kills = full ? 50 : 2;
  const { talon, send, settle, boundRepeats } = await startShop(run, {
    talon: talonInput,
    fake: { journalLimit: 100 },
  });
  const sender = send({ perSecond: full ? 500 : 60 });
  /** Milliseconds from the start of the process to the first 202. */
  const accepted: number[] = [];
  for (let n = 0; n < kills; n++) {
    await delay(full ? 2_000 + Math.random() * 3_000 : 500, undefined, { signal: run.signal });
    await talon.kill();
    await talon.start();
    accepted.push((await acceptedSince(sender, talon.startedAt, run.signal)) - talon.startedAt);
  }
  await delay(300);
  await sender.stop();

  const ready = talon.starts.slice(1);
  run.say(`${kills} × kill -9; ready again after ${span(ready)}; the first 202 after ${span(accepted)}`);
  // A stopwatch of the machine as much as of the program: only a run that has the machine for itself can be held to it.
  if (full) run.expect(`ready again in under ${READY / 1000} s each time`, Math.max(...ready, ...accepted) < READY);
  await settle(full ? 300_000 : 180_000);
  boundRepeats(kills);
}

function span(times: readonly number[]): string {
  return `${percentile(times, 0.5).toFixed(0)} ms (median), ${Math.max(...times).toFixed(0)} ms at most`;
}

export const killedUnderLoad: Scenario = {
  name: 'killed-under-load',
  title: 'the program is killed every few seconds while alerts come in; its queue is the file',
  run: (run) => killUnderLoad(run, { queue: 'sqlite' }),
};

export const killedUnderLoadNats: Scenario = {
  name: 'killed-under-load-nats',
  title: 'the program is killed every few seconds while alerts come in; its queue is NATS JetStream',
  missing: natsMissing,
  run: async (run) => killUnderLoad(run, onNats(await startNatsServer(run))),
};
