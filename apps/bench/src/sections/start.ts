import { percentile } from '@falco-talon/testkit/server';
import type { Section } from '../measurement.ts';
import { startBenchServer } from '../server.ts';
import { LABEL_RULE, shopWith } from '../shop.ts';

const STARTS = 5;

/** From the start of the process to its first answer on /healthz, from sources. */
export const start: Section = {
  name: 'start',
  async run() {
    const shop = await shopWith(1);
    const withCluster: number[] = [];
    const without: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      for (const [samples, kubeconfig, rules] of [
        [without, undefined, '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n'],
        [withCluster, shop.kubeconfig(), LABEL_RULE],
      ] as const) {
        const server = await startBenchServer({ rules, queue: 'sqlite', ...(kubeconfig && { kubeconfig }) });
        samples.push(server.startedIn);
        await server.close();
      }
    }
    await shop.close();
    return [
      {
        name: 'start to listening, rules that need no cluster (median of 5)',
        value: percentile(without, 0.5),
        unit: 'ms',
      },
      {
        name: 'start to listening, rules that need the Kubernetes client (median of 5)',
        value: percentile(withCluster, 0.5),
        unit: 'ms',
        limit: { kind: 'atMost', value: 1_500 },
      },
    ];
  },
};
