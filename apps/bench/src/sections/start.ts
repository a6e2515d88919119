import { LABEL_RULES, startCluster, startTalon } from '@falco-talon/faults/harness';
import { percentile } from '@falco-talon/testkit/server';
import type { Section } from '../measurement.ts';

const STARTS = 5;

/** From the start of the process until /readyz says that it is ready, from sources. */
export const start: Section = {
  name: 'start',
  async run(run) {
    const shop = await startCluster(run);
    const withCluster: number[] = [];
    const without: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      for (const [samples, kubeconfig, rules] of [
        [without, undefined, '- { rule: Nothing, match: { rules: [Nothing] }, actions: [] }\n'],
        [withCluster, shop.kubeconfig(), LABEL_RULES],
      ] as const) {
        const name = `start-${n}-${kubeconfig ? 'cluster' : 'none'}`;
        const server = await startTalon(run, { name, rules, ...(kubeconfig && { kubeconfig }) });
        samples.push(...server.starts);
        await server.stop();
      }
    }
    return [
      {
        name: 'start to ready, rules that need no cluster (median of 5)',
        value: percentile(without, 0.5),
        unit: 'ms',
      },
      {
        name: 'start to ready, rules that need the Kubernetes client (median of 5)',
        value: percentile(withCluster, 0.5),
        unit: 'ms',
        limit: { kind: 'atMost', value: 1_500 },
      },
    ];
  },
};
