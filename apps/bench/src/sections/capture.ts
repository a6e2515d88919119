import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LABEL_RULES, startCluster, startTalon, until, watchRequests } from '@falco-talon/faults/harness';
import { alertText } from '@falco-talon/testkit/server';
import { playCaptureTools } from '../capture-tools.ts';
import { p99OfActions, pods, post } from '../load.ts';
import type { Section } from '../measurement.ts';

const SECONDS = 5;
const RATE = 50;
/** Pods that get an alert each while the capture runs; a little less than it takes. */
const COUNT = 200;
const WAIT = 60_000;

/** 200 pods get an alert each while the traffic of another one is captured for 5 s. */
export const capture: Section = {
  name: 'capture',
  async run(run) {
    const evidence = join(run.directory, 'evidence');
    await mkdir(evidence);
    const shop = await startCluster(run, { objects: pods(COUNT * 3 + 1) });
    await playCaptureTools(shop, run.directory, { ends: 'when told' });
    const requests = watchRequests(shop);
    const captured = `pod-${COUNT * 3}`;
    const { url } = await startTalon(run, {
      rules: `${LABEL_RULES}${captureRule(evidence)}`,
      kubeconfig: shop.kubeconfig(),
    });
    const p99 = (first: number) => p99OfActions(run, url, requests, { perSecond: RATE, first, count: COUNT });
    await p99(0);
    const without = await p99(COUNT);
    await post(run, url, { perSecond: 1, count: 1, body: () => alertText('Capture', captured, 0) });
    await shop.waitForRequest(({ subresource, name }) => subresource === 'exec' && name === captured, WAIT);
    const startedAt = performance.now();
    const beside = await p99(COUNT * 2);
    const inTime = performance.now() - startedAt < SECONDS * 1000 && (await readdir(evidence)).length === 0;
    await until(async () => (await readdir(evidence)).length > 0, AbortSignal.timeout(WAIT));
    return [
      { name: '200 pods, p99 alone', value: without, unit: 'ms' },
      { name: '200 pods, p99 while another one is captured', value: beside, unit: 'ms' },
      { name: 'with against without', value: beside / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
      {
        name: 'all were acted on before the capture ended',
        value: inTime ? 1 : 0,
        unit: 'yes = 1',
        limit: { kind: 'exactly', value: 1 },
      },
    ];
  },
};

function captureRule(destination: string): string {
  const output = { target: 'local:file', parameters: { destination } };
  const action = { action: 'Capture', actionner: 'kubernetes:tcpdump', parameters: { duration: SECONDS }, output };
  return `- ${JSON.stringify({ rule: 'Capture', match: { rules: ['Capture'] }, actions: [action] })}\n`;
}
