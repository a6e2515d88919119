import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { JsonObject } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { namespace } from '../workloads/workloads.ts';

const EVENTS = '/apis/events.k8s.io/v1/namespaces/shop/events';
const CORE = '/api/v1/namespaces/shop/events';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';

let fake: FakeKubernetes;
let api: Client;
let count = 0;

beforeAll(async () => {
  fake = await startFakeKubernetes({ objects: [namespace('shop')] });
  api = client(fake);
});
afterAll(async () => {
  api.close();
  await fake.close();
});

function event(changes: JsonObject = {}): JsonObject {
  return {
    metadata: { name: `event-${++count}` },
    eventTime: '2026-03-01T11:00:00.000000Z',
    reportingController: 'example.com/sentry',
    reportingInstance: 'sentry-a',
    action: 'Quarantine',
    reason: 'Contained',
    regarding: { kind: 'Pod', namespace: 'shop', name: 'solo' },
    note: 'cut off',
    type: 'Normal',
    ...changes,
  };
}

describe('events, beside what was recorded', () => {
  it.each([
    [
      'a note is counted in bytes',
      { note: 'é'.repeat(513) },
      'message: Invalid value: "": can have at most 1024 characters',
    ],
    [
      'a series of one',
      { series: { count: 1, lastObservedTime: '2026-03-01T11:00:00.000000Z' } },
      'series.count: Invalid value: "": should be at least 2',
    ],
    ['a series without a time', { series: { count: 2 } }, 'series.lastObservedTime: Required value'],
    ['a deprecated field', { deprecatedCount: 1 }, 'count: Invalid value: "": needs to be unset'],
    ['no reason', { reason: '' }, 'reason: Required value'],
    [
      'a long instance',
      { reportingInstance: 'x'.repeat(129) },
      'reportingInstance: Invalid value: "": can have at most 128 characters',
    ],
  ])('refuses %s', async (_what, changes, problem) => {
    const answer = await api.call('POST', EVENTS, { body: event(changes) });
    expect([answer.status, textAt(answer.body, 'message')]).toEqual([422, expect.stringContaining(problem)]);
  });

  it('takes a note of 1024 bytes', async () => {
    expect((await api.call('POST', EVENTS, { body: event({ note: 'é'.repeat(512) }) })).status).toBe(201);
  });

  it('wants six fraction digits', async () => {
    const answer = await api.call('POST', EVENTS, { body: event({ eventTime: '2026-03-01T11:00:00.000Z' }) });
    expect(answer.status).toBe(400);
    expect(textAt(answer.body, 'message')).toBe(
      'Event in version "v1" cannot be handled as a Event: parsing time "2026-03-01T11:00:00.000Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".000Z" as ".000000"',
    );
  });

  it('are the same objects in both groups: selected, changed and deleted under either name', async () => {
    const body = event({ regarding: { kind: 'Pod', namespace: 'shop', name: 'seen', uid: 'u-7' } });
    const { name } = body['metadata'] as { name: string };
    await api.call('POST', EVENTS, { body });
    const names = async (path: string) => {
      const items = at((await api.call('GET', path)).body, 'items') as JsonObject[];
      return items.map((item) => textAt(item, 'metadata', 'name'));
    };
    expect(await names(`${CORE}?fieldSelector=involvedObject.uid%3Du-7`)).toEqual([name]);
    expect(await names(`${EVENTS}?fieldSelector=regarding.uid%3Du-7`)).toEqual([name]);
    expect(fake.get('events', 'shop', name)).toMatchObject({ apiVersion: 'v1', message: 'cut off' });
    expect(fake.get('events.events.k8s.io', 'shop', name)).toMatchObject({ note: 'cut off' });
    const again = await api.call('POST', EVENTS, { body });
    expect([again.status, textAt(again.body, 'message')]).toEqual([409, `events "${name}" already exists`]);
    expect((await api.call('DELETE', `${CORE}/${name}`)).status).toBe(200);
    const gone = await api.call('GET', `${EVENTS}/${name}`);
    expect([gone.status, textAt(gone.body, 'message')]).toEqual([404, `events "${name}" not found`]);
  });
});

describe('leases, beside what was recorded', () => {
  it('are renewed with the version that was read, and not renewed twice with it', async () => {
    const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-03-01T11:00:00.000000Z' };
    const made = await api.call('POST', LEASES, { body: { metadata: { name: 'held' }, spec } });
    const resourceVersion = textAt(made.body, 'metadata', 'resourceVersion');
    const renew = (holderIdentity: string) =>
      api.call('PUT', `${LEASES}/held`, {
        body: { metadata: { name: 'held', resourceVersion }, spec: { ...spec, holderIdentity } },
      });
    expect((await renew('b')).status).toBe(200);
    expect((await renew('c')).status).toBe(409);
    expect(fake.get('leases', 'shop', 'held')?.spec).toMatchObject({ holderIdentity: 'b' });
  });

  it.each([
    ['2026-13-01T00:00:00.000000Z', 'cannot parse "13-01T00:00:00.000000Z" as "01"'],
    ['2026-03-01T11:00:00.000000', 'cannot parse "" as "Z07:00"'],
    ['2026-03-01T11:00:00.000000Zulu', 'extra text: "ulu"'],
  ])('refuse the time %s', async (renewTime, problem) => {
    const answer = await api.call('POST', LEASES, { body: { metadata: { name: 'odd' }, spec: { renewTime } } });
    expect([answer.status, textAt(answer.body, 'message')]).toEqual([400, expect.stringContaining(problem)]);
  });

  it('take another time zone', async () => {
    const body = { metadata: { name: 'zoned' }, spec: { renewTime: '2026-03-01T13:00:00.000000+02:00' } };
    expect((await api.call('POST', LEASES, { body })).status).toBe(201);
  });
});
