import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alertText } from '@falco-talon/testkit/server';
import { playCaptureTools } from '../capture-tools.ts';
import { pace } from '../load.ts';
import type { Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { LABEL_RULE, shopWith, watchArrivals } from '../shop.ts';
import { p99OfActions } from '../targets.ts';

const SECONDS = 5;
const TARGETS = 10;
/** So often ten pods get an alert each while the capture runs; a little less than it takes. */
const ROUNDS = 20;
const RATE = 50;
const COUNT = TARGETS * ROUNDS;
const WAIT = 60_000;

/** Ten pods get an alert each, again and again, while the traffic of an eleventh is captured for 5 s. */
export const capture: Section = {
  name: 'capture',
  async run() {
    const directory = await mkdtemp(join(tmpdir(), 'falco-talon-bench-'));
    const evidence = join(directory, 'evidence');
    await mkdir(evidence);
    const shop = await shopWith(COUNT * 3 + 1);
    await playCaptureTools(shop, directory, { ends: 'when told' });
    const arrivals = watchArrivals(shop);
    const captured = `pod-${COUNT * 3}`;
    const server = await startBenchServer({
      rules: `${LABEL_RULE}${captureRule(evidence)}`,
      kubeconfig: shop.kubeconfig(),
      queue: 'sqlite',
    });
    try {
      const run = (first: number) => p99OfActions(server.url, arrivals, { first, count: COUNT, rate: RATE });
      await run(0);
      const without = await run(COUNT);
      await pace(server.url, 1, 1, () => alertText('Capture', captured, 0));
      await shop.waitForRequest(({ subresource, name }) => subresource === 'exec' && name === captured, WAIT);
      const startedAt = performance.now();
      const beside = await run(COUNT * 2);
      const inTime = performance.now() - startedAt < SECONDS * 1000 && (await readdir(evidence)).length === 0;
      for (const until = performance.now() + WAIT; (await readdir(evidence)).length === 0; await delay(50)) {
        if (performance.now() > until) throw new Error(`the capture was not kept:\n${server.log()}`);
      }
      return [
        { name: 'ten pods, p99 alone', value: without, unit: 'ms' },
        { name: 'ten pods, p99 while an eleventh is captured', value: beside, unit: 'ms' },
        { name: 'with against without', value: beside / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
        {
          name: 'all were acted on before the capture ended',
          value: inTime ? 1 : 0,
          unit: 'yes = 1',
          limit: { kind: 'exactly', value: 1 },
        },
      ];
    } finally {
      await server.close();
      await shop.close();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

function captureRule(destination: string): string {
  const output = { target: 'local:file', parameters: { destination } };
  const action = { action: 'Capture', actionner: 'kubernetes:tcpdump', parameters: { duration: SECONDS }, output };
  return `- ${JSON.stringify({ rule: 'Capture', match: { rules: ['Capture'] }, actions: [action] })}\n`;
}
