import { hostname } from 'node:os';
import { defineNotifier, emptyObject, type OutcomeRecord } from '@falco-talon/core';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { microTime, seriesKey } from './event.ts';
import { subjectOf } from './regarding.ts';
import { createSeries, type Series } from './series.ts';
import { continueSeries, writeEvent } from './write-event.ts';

/** As long as its connection, so that nothing is left behind when the rules change. */
const series = new WeakMap<Kubernetes, Series>();

export const k8sevents = defineNotifier({
  name: 'k8sevents',
  description: 'Records each outcome as an event of the Kubernetes object it is about.',
  settings: emptyObject,
  uses: { kubernetes },
  permissions: [
    { kind: 'kubernetes', apiGroup: 'events.k8s.io', resources: ['events'], verbs: ['create', 'patch'] },
    {
      kind: 'kubernetes',
      apiGroup: '',
      resources: ['pods', 'nodes'],
      verbs: ['get'],
      when: 'events shall carry the uid, without which kubectl describe does not show them',
    },
  ],

  async notify({ clients, records, signal, now, span }) {
    for (const record of records) await span('write event', () => tell(clients.kubernetes, record, now(), signal));
  },
});

async function tell(client: Kubernetes, record: OutcomeRecord, now: number, signal: AbortSignal): Promise<void> {
  const subject = subjectOf(record, client.ownNamespace);
  await seriesOf(client).inTurn(seriesKey(record, subject), now, async (last) => {
    const continued = last && (await continueSeries(client, last, microTime(record.time), signal));
    const written = continued ?? (await writeEvent(client, record, subject, hostname(), signal));
    return { ...written, lastSeen: now };
  });
}

function seriesOf(client: Kubernetes): Series {
  let known = series.get(client);
  if (!known) series.set(client, (known = createSeries()));
  return known;
}
