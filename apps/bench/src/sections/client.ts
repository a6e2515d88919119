import { startCluster } from '@falco-talon/faults/harness';
import { percentile } from '@falco-talon/testkit/server';
import { silentLogger, type Scope } from '@falco-talon/core';
import { kubernetes, PODS } from '@falco-talon/client-kubernetes';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Pool } from 'undici';
import { pods } from '../load.ts';
import type { Section } from '../measurement.ts';

const ROUNDS = 20;
const CALLS = 100;

/** A GET through the Kubernetes client against the same GET through undici alone, in turn, on the same server. */
export const client: Section = {
  name: 'client',
  async run(run) {
    const shop = await startCluster(run, { objects: pods(1) });
    const { signal, directory } = run;
    await writeFile(join(directory, 'kubeconfig'), shop.kubeconfig());
    const scope: Scope = { signal, logger: silentLogger, now: Date.now, span: (_, work) => work() };
    const ours = await kubernetes.create({
      ...scope,
      settings: { kubeconfig: join(directory, 'kubeconfig'), namespace: '' },
      environment: { variables: {}, homeDirectory: directory },
    });
    const bare = new Pool(shop.url, { connections: 1, pipelining: 1, connect: { ca: shop.ca } });
    const headers = { authorization: `Bearer ${shop.tokenOf()}`, accept: 'application/json' };

    const get = async () => void (await ours.get(PODS, { namespace: 'shop', name: 'pod-0' }, { signal }));
    const getBare = async () => {
      const answer = await bare.request({ method: 'GET', path: '/api/v1/namespaces/shop/pods/pod-0', headers });
      await answer.body.json();
    };
    const samples = { ours: [] as number[], bare: [] as number[] };
    for (let round = -2; round < ROUNDS; round++) {
      const bareTime = await timed(getBare);
      const oursTime = await timed(get);
      if (round < 0) continue;
      samples.bare.push(bareTime);
      samples.ours.push(oursTime);
    }
    shop.clearRequests();
    const calls = 1_000;
    await Promise.all(Array.from({ length: calls }, get));
    const connections = new Set(shop.requests.map(({ connection }) => connection)).size;
    await kubernetes.close?.(ours);
    await bare.close();
    const [oursMedian, bareMedian] = [percentile(samples.ours, 0.5), percentile(samples.bare, 0.5)];
    return [
      { name: 'one GET through undici alone (median)', value: bareMedian, unit: 'ms' },
      { name: 'one GET through the client (median)', value: oursMedian, unit: 'ms' },
      {
        name: 'the client against undici alone',
        value: oursMedian / bareMedian,
        unit: '×',
        limit: { kind: 'atMost', value: 1.5 },
      },
      {
        name: `TLS connections for ${calls} calls at once`,
        value: connections,
        unit: 'conns',
        limit: { kind: 'atMost', value: 4 },
      },
    ];
  },
};

/** Milliseconds of one call, on average over a round. */
async function timed(call: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < CALLS; n++) await call();
  return (performance.now() - startedAt) / CALLS;
}
