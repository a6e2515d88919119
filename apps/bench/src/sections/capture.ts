import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LABEL_RULES, startCluster, startTalon, until, watchRequests } from '@falco-talon/faults/harness';
import { alertText, percentile } from '@falco-talon/testkit/server';
import { playCaptureTools } from '../capture-tools.ts';
import { p99OfActions, pods, post } from '../load.ts';
import type { Section } from '../measurement.ts';

const SECONDS = 5;
const RATE = 50;
/** Pods that get an alert each while the capture runs; a little less than it takes. */
const COUNT = 200;
const WAIT = 60_000;
const ROUNDS = 3;

/** 200 pods get an alert each while the traffic of another one is captured for 5 s, and before it; three times. */
export const capture: Section = {
  name: 'capture',
  async run(run) {
    const evidence = join(run.directory, 'evidence');
    await mkdir(evidence);
    const shop = await startCluster(run, { objects: pods(COUNT * (2 * ROUNDS + 1) + ROUNDS) });
    await playCaptureTools(shop, run.directory, { ends: 'when told' });
    const requests = watchRequests(shop);
    const { url } = await startTalon(run, {
      rules: `${LABEL_RULES}${captureRule(evidence)}`,
      kubeconfig: shop.kubeconfig(),
    });
    let first = 0;
    const p99 = () =>
      p99OfActions(run, url, requests, { perSecond: RATE, first: (first += COUNT) - COUNT, count: COUNT });
    await p99();
    const [alone, besideIt]: [number[], number[]] = [[], []];
    let inTime = 0;
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await p99());
      const captured = `pod-${COUNT * (2 * ROUNDS + 1) + round}`;
      await post(run, url, { perSecond: 1, count: 1, body: () => alertText('Capture', captured, 0) });
      await shop.waitForRequest(({ subresource, name }) => subresource === 'exec' && name === captured, WAIT);
      const startedAt = performance.now();
      besideIt.push(await p99());
      const files = async () => (await readdir(evidence)).length;
      if (performance.now() - startedAt < SECONDS * 1000 && (await files()) === round) inTime++;
      await until(async () => (await files()) > round, AbortSignal.timeout(WAIT));
    }
    const [without, beside] = [percentile(alone, 0.5), percentile(besideIt, 0.5)];
    return [
      { name: '200 pods, p99 alone (median of 3)', value: without, unit: 'ms' },
      { name: '200 pods, p99 while another one is captured (median of 3)', value: beside, unit: 'ms' },
      { name: 'with against without', value: beside / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
      {
        name: 'all were acted on before the capture ended',
        value: inTime,
        unit: 'rounds',
        limit: { kind: 'exactly', value: ROUNDS },
      },
    ];
  },
};

function captureRule(destination: string): string {
  const output = { target: 'local:file', parameters: { destination } };
  const action = { action: 'Capture', actionner: 'kubernetes:tcpdump', parameters: { duration: SECONDS }, output };
  return `- ${JSON.stringify({ rule: 'Capture', match: { rules: ['Capture'] }, actions: [action] })}\n`;
}
