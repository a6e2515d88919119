import { describe, expect, it } from 'vitest';
import { EVENTS } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

describe('the notifier k8sevents', () => {
  const cluster = useCluster('k8sevents');
  const eventsAbout = async (name: string) => {
    const events = await cluster.client.list(EVENTS, { namespace: cluster.namespace, signal: cluster.signal });
    const ours = events.map((event) => event as unknown as Readonly<Record<string, unknown>>);
    return ours.filter(
      ({ reportingController, regarding }) =>
        reportingController === 'falcosecurity.org/falco-talon' && (regarding as { name?: string }).name === name,
    );
  };

  it('writes an event about the pod that was acted on', async () => {
    const pod = await startPod(cluster, { name: 'cart' });
    // An object made in the second before the outcome could be another one of that name: its uid would not be told.
    const age = (): number => Date.now() - Date.parse(pod.metadata.creationTimestamp ?? '');
    await until('the pod is no newborn', async () => age() > 2_500);
    const { action } = await respond(cluster, {
      actionner: 'kubernetes:label',
      parameters: { labels: { seen: 'yes' } },
      pod,
      notifiers: ['k8sevents'],
    });
    const [event] = await until('the event', async () => {
      const found = await eventsAbout(pod.metadata.name);
      return found.length > 0 && found;
    });
    expect(event).toMatchObject({
      type: 'Normal',
      reason: 'falco-talon:action:kubernetes:label:success',
      action: 'kubernetes:label',
      regarding: { kind: 'Pod', name: 'cart', namespace: cluster.namespace, uid: pod.metadata.uid },
    });
    expect(event?.['note']).toContain(action.trace_id);
  });

  it('warns of a failure', async () => {
    const pod = await startPod(cluster, { name: 'kept' });
    await respond(cluster, {
      actionner: 'kubernetes:terminate',
      pod,
      notifiers: ['k8sevents'],
      without: 'delete pods',
    });
    const [event] = await until('the event', async () => {
      const found = await eventsAbout(pod.metadata.name);
      return found.length > 0 && found;
    });
    expect(event).toMatchObject({ type: 'Warning', reason: 'falco-talon:action:kubernetes:terminate:failure' });
    expect(event?.['note']).toMatch(/not allowed to delete pods/);
  });
});
