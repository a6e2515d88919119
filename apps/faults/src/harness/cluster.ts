import { startFakeKubernetes, type FakeKubernetes, type FakeKubernetesInput } from '@falco-talon/fake-kubernetes';
import { startWebhookListener, type WebhookListener } from '@falco-talon/testkit/server';
import type { Surroundings } from './surroundings.ts';

/** A fake API server that ends with the run. */
export async function startCluster(run: Surroundings, input: FakeKubernetesInput = {}): Promise<FakeKubernetes> {
  const fake = await startFakeKubernetes({ terminationDelay: 20, ...input });
  run.cleanUp(() => fake.close());
  return fake;
}

/** A webhook receiver that ends with the run. */
export async function startListener(run: Surroundings): Promise<WebhookListener> {
  const listener = await startWebhookListener();
  run.cleanUp(() => listener.close());
  return listener;
}
