import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiObject } from '../api-object.ts';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { JsonObject } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Called, Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { namespace, node } from '../workloads/workloads.ts';

const JOBS = '/apis/batch/v1/namespaces/shop/jobs';
let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [
      node({ name: 'node-1' }),
      namespace('shop'),
      namespace('strict', { 'pod-security.kubernetes.io/enforce': 'restricted' }),
    ],
    terminationDelay: 5,
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const create = (spec: JsonObject = {}, pod: JsonObject = {}, path = JOBS): Promise<Called> => {
  const containers = [{ name: 'main', image: 'box:1', command: ['sleep', '9'] }];
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { restartPolicy: 'Never', nodeName: 'node-1', containers, ...pod },
  };
  return api.call('POST', path, { body: { metadata: { name: 'capture' }, spec: { template, ...spec } } });
};
const job = (): ApiObject | undefined => fake.get('jobs', 'shop', 'capture');
const pods = (phase?: string): readonly ApiObject[] =>
  fake.objects('pods', 'shop').filter((one) => phase === undefined || textAt(one, 'status', 'phase') === phase);
const finished = (type: string): boolean => {
  const conditions = at(job(), 'status', 'conditions');
  return Array.isArray(conditions) && conditions.some((one) => textAt(one, 'type') === type);
};
const remove = (body: JsonObject): Promise<Called> => api.call('DELETE', `${JOBS}/capture`, { body });

describe('a Job', () => {
  it('gets a pod on the node its template names, found by the labels of the Job', async () => {
    const { status, body } = await create();
    expect(status).toBe(201);
    const uid = textAt(body, 'metadata', 'uid');
    await fake.until(() => pods('Running').length === 1 && at(job(), 'status', 'ready') === 1);
    const [made] = pods();
    expect(made?.metadata.name).toMatch(/^capture-[a-z0-9]{5}$/);
    expect(made?.metadata.labels).toEqual({
      app: 'x',
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'capture',
      'controller-uid': uid,
      'job-name': 'capture',
    });
    expect(made?.metadata.ownerReferences).toMatchObject([{ kind: 'Job', name: 'capture', uid, controller: true }]);
    expect(job()).toMatchObject({ spec: { parallelism: 1, backoffLimit: 6 }, status: { active: 1 } });
  });

  it('is complete when the process of its pod ends well', async () => {
    fake.onContainer(async () => 0);
    await create();
    await fake.until(() => finished('Complete'));
    expect(job()).toMatchObject({ status: { succeeded: 1, active: 0 } });
    expect(pods('Succeeded')).toHaveLength(1);
  });

  it('is tried again as often as it says, then it has failed', async () => {
    fake.onContainer(async () => 1);
    await create({ backoffLimit: 1 });
    await fake.until(() => finished('Failed'));
    expect(pods('Failed')).toHaveLength(2);
    expect(at(job(), 'status', 'conditions', 0, 'reason')).toBe('BackoffLimitExceeded');
  });

  it('ends at its deadline, pod included', async () => {
    await create({ activeDeadlineSeconds: 0 });
    await fake.until(() => finished('Failed') && pods().length === 0);
    expect(at(job(), 'status', 'conditions', 0, 'reason')).toBe('DeadlineExceeded');
  });

  it('removes itself and its pod some time after it finished', async () => {
    fake.onContainer(async () => 0);
    await create({ ttlSecondsAfterFinished: 0 });
    await fake.until(() => finished('Complete'));
    await fake.until(() => job() === undefined && pods().length === 0);
    expect(fake.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  it('is refused without a restart policy that fits', async () => {
    const { status, body } = await create({}, { restartPolicy: 'Always' });
    expect([status, textAt(body, 'message')]).toEqual([
      422,
      'Job.batch "capture" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]);
  });
});

describe('deleting a Job', () => {
  beforeEach(async () => {
    await create();
    await fake.until(() => pods('Running').length === 1);
  });

  it('in the background takes its pod away after it', async () => {
    const { status, body } = await remove({ propagationPolicy: 'Background' });
    expect([status, textAt(body, 'status'), job()]).toEqual([200, 'Success', undefined]);
    await fake.until(() => pods().length === 0);
  });

  it('in the foreground waits for the pod', async () => {
    const { body } = await remove({ propagationPolicy: 'Foreground' });
    expect(at(body, 'metadata', 'finalizers')).toEqual(['foregroundDeletion']);
    await fake.until(() => job() === undefined);
    expect(pods()).toEqual([]);
  });

  it('leaves the pod when it does not say, and warns about that', async () => {
    const { headers } = await remove({});
    expect(headers['warning']).toContain('child pods are preserved by default when jobs are deleted');
    await fake.until(() => job() === undefined);
    expect(pods()).toHaveLength(1);
    expect(pods()[0]?.metadata.ownerReferences).toBeUndefined();
  });
});

it('whose pod Pod Security refuses is accepted with a warning, and only its events say why it has none', async () => {
  const { status, headers } = await create({}, {}, '/apis/batch/v1/namespaces/strict/jobs');
  expect(status).toBe(201);
  expect(headers['warning']).toContain('would violate PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation');
  await fake.until(() => fake.objects('events', 'strict').length === 1);
  const [event] = fake.objects('events', 'strict');
  expect(event).toMatchObject({
    reason: 'FailedCreate',
    type: 'Warning',
    involvedObject: { kind: 'Job', name: 'capture' },
    message: expect.stringMatching(
      /^Error creating: pods "capture-\w{5}" is forbidden: violates PodSecurity "restricted:latest": /,
    ),
  });
  expect(fake.objects('pods', 'strict')).toEqual([]);
});
